"""The parser of each training command, found by the module's name that `python -m` is given."""

import argparse
import importlib


def parser(name: str) -> argparse.ArgumentParser:
    """Parser of `python -m NAME`."""
    module = importlib.import_module(name)
    if not hasattr(module, "main"):
        module = importlib.import_module(f"{name}.__main__")
    made = module._parser() if hasattr(module, "_parser") else module.parser()
    assert isinstance(made, argparse.ArgumentParser)
    return made
