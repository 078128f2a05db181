"""Data from video: shots, flow, flat frames, a score, and the clips that follow from them (AnimeSR, section 3).

The steps are those of AVC-Train: each frame of a video is measured once, clips are chosen by the measurements alone,
and their frames are written as pictures, or as a list that the loader reads straight from the video. Two of the
authors' networks are replaced, and the output says so: SPyNet by OpenCV's DIS flow, hyperIQA by a score of sharpness.

`python -m training.prepare` is the command. Nothing here imports PyTorch: worker processes start quickly.
"""
