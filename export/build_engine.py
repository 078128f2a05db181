"""Build the engines of a model for a size and a GPU, as the filter does on first use: `vsanimesr engines build`.

python export/build_engine.py --height 480 --width 640
"""

import argparse
import sys
from collections.abc import Sequence

from vsanimesr.cli import run
from vsanimesr.cli.build import add_arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    assert __doc__
    parser = argparse.ArgumentParser(prog="build_engine.py", description=__doc__.splitlines()[0])
    add_arguments(parser)
    return run(parser, argv)


if __name__ == "__main__":
    sys.exit(main())
