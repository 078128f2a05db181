"""`python -m benchmarks.gpu`; for machines without network `... wheels` and `... join`; `... merge` for results.

`join` has to run where nothing is installed yet, so what the others import is imported by them alone.
"""

import sys
from importlib import import_module

MODULES = {"wheels": "benchmarks.gpu.wheels", "join": "benchmarks.gpu.parts"}


def main() -> int:
    """Run what the command line says; returns the exit code."""
    words = sys.argv[1:]
    if words and words[0] in MODULES:
        code: int = import_module(MODULES[words[0]]).main(words[1:])
    else:
        code = import_module("benchmarks.gpu.command").main(words)
    return code


if __name__ == "__main__":
    sys.exit(main())
