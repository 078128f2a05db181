"""A video upscaled from file to file: divided, rendered, encoded in chunks, and gone on with after a kill."""
