"""Our own weights, made by `python -m training.distill`; each has a card beside it, NAME.md."""
