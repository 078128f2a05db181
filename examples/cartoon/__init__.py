"""What examples/draw_clip.py draws: pen strokes, a girl, and the places she is in. CC0 1.0, like the clip."""
