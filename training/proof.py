"""Whether learned operators help, told from what evaluations of several seeds have found (AnimeSR, table 2).

    bash training/runs/proof-cpu.sh OUT
    python -m training.proof OUT -o proof.md --figures proof.jsonl
    python -m training.proof training/proof.jsonl -o training/proof.md

OUT has a folder for each seed; in it are the runs `basic`, `twice` and `pool`, networks of one seed and as many steps
that learned AnimeSR's first degradations, those with two reductions by two, and these with learned operators; for each
video VIDEO/operator.pth, an operator, and VIDEO/net, its training; and a folder for each degradation with the
results.json of `training.evaluate`, which judged the three on the same clips. `--figures` keeps of all that what the
report tells of; such a file may stand for OUT.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.hidden import CHAINS
from training.proving import found, keep, kept, page
from vsanimesr.cli import run
from vsanimesr.engines import files


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    return run(_parser(), arguments)


def _write(asked: argparse.Namespace) -> None:
    told = kept(asked.proof) if asked.proof.is_file() else found(asked.proof)
    files.write(page(told, asked.learned).encode(), asked.output)
    print(asked.output)
    if asked.figures:
        keep(told, asked.figures)
        print(asked.figures)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.proof", description=__doc__, formatter_class=form)
    parser.set_defaults(run=_write)
    parser.add_argument("proof", type=Path, metavar="OUT", help="folder of a proof, or what --figures wrote")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="FILE.md")
    parser.add_argument("--figures", type=Path, metavar="FILE.jsonl", help="keep what the report tells of")
    text = "chain of the videos that the operators were learned from [%(default)s]"
    parser.add_argument("--learned", choices=CHAINS, default="broadcast", help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
