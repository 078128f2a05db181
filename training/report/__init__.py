"""The evaluation that `python -m training.evaluate` runs: clips, methods, figures, and the page that shows them."""
