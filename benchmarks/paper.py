"""What the paper on AnimeSR reports, as it reports it: nobody here has repeated it, and the machine is another one."""

SIZE = (640, 480)
"""Of the frames, samples."""
MILLISECONDS = 32.0
"""Per frame."""
MODEL, SAME_NETWORK = "AnimeSR", ("animesr-v1", "animesr-v2")
"""What it calls the network, and the models here that have the same one."""
LABEL = "paper (PyTorch, A100), as reported"
NOTE = "The paper's figure is of another machine and was not measured here: for orientation, not to compare."
