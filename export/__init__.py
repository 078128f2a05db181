"""Programs that turn the PyTorch networks into the files that the package ships; not installed with it."""
