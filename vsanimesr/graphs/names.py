"""Names of the graphs' ends, and of two values inside `step`."""

FRAME, LR = "frame", "lr"
"""Input and output of `ingest`; a frame of several tensors has one input for each of its format's groups."""
WINDOW = ("previous", "current", "next")
"""The inputs of `step` that are `lr` tensors, in the order of time."""
STATE, PICTURE, NEXT_STATE = "state", "picture", "next_state"
"""The other input of `step`, and its outputs; all values of its tail, which makes the picture, begin with `picture`."""
PACKED, CLAMPED = "packed", "picture.clamped"
"""The cell's output that becomes the picture, and that in [0, 1]."""
