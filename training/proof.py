"""Whether learned operators help, told from what evaluations of several seeds have found (AnimeSR, table 2).

    bash training/runs/proof-cpu.sh OUT
    python -m training.proof gather OUT -o training/proof.jsonl
    python -m training.proof report training/proof.jsonl -o training/proof.md

OUT has a folder for each seed; in it are the runs `basic`, `twice` and `pool`, networks of one seed and as many steps
that learned AnimeSR's first degradations, those with two reductions by two, and these with learned operators; for each
video VIDEO/operator.pth, an operator, and VIDEO/net, its training; and a folder for each degradation with the
results.json of `training.evaluate`, which judged the three on the same clips. Seeds may be of several machines:
`gather` takes several folders, and files that it has written before.
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


def _gather(asked: argparse.Namespace) -> None:
    seeds = [seed for path in asked.proofs for seed in (found(path) if path.is_dir() else kept(path))]
    keep(seeds, asked.output)
    print(f"{asked.output}: judged seeds {', '.join(str(number) for number in sorted(seed.number for seed in seeds))}")


def _report(asked: argparse.Namespace) -> None:
    files.write(page(kept(asked.figures), asked.learned).encode(), asked.output)
    print(asked.output)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.proof", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    action = commands.add_parser("gather", help="the figures that are told of, of all seeds, as one small file")
    action.add_argument("proofs", type=Path, nargs="+", metavar="OUT", help="folder of a proof, or a file of figures")
    action.add_argument("--output", "-o", type=Path, required=True, metavar="FILE.jsonl")
    action.set_defaults(run=_gather)
    action = commands.add_parser("report", help="what they say, in Markdown")
    action.add_argument("figures", type=Path, metavar="FIGURES.jsonl")
    action.add_argument("--output", "-o", type=Path, required=True, metavar="FILE.md")
    text = "chain of the videos that the operators were learned from [%(default)s]"
    action.add_argument("--learned", choices=CHAINS, default="broadcast", help=text)
    action.set_defaults(run=_report)
    return parser


if __name__ == "__main__":
    sys.exit(main())
