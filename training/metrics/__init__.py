"""Metrics of pictures and clips, each from its paper's definition: with truth and without.

psnr(picture, truth)                                                # 8-bit RGB [height, width, 3], or luma(picture)
niqe.score(picture, niqe.read(external.locate("niqe-prior").path))     # files of others are never downloaded
"""
