"""Training and evaluation of video super-resolution for animation, without data sets."""
