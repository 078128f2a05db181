"""The command `vsanimesr doctor`."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from vsanimesr import doctor
from vsanimesr.cli.table import print_table
from vsanimesr.doctor import Finding
from vsanimesr.errors import JobError

SCHEMA = 1
EPILOG = """\
The exit status is 0 only if a video can be upscaled by the default model.

examples:
  vsanimesr doctor
  vsanimesr doctor --json > report.json
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    text = "Tell what is installed, what can run, and how to get what is missing"
    action = commands.add_parser(
        "doctor",
        help=text[0].lower() + text[1:],
        description=f"{text}.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    action.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    action.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print everything that was found; raises JobError where the default model can upscale no video."""
    findings = list(doctor.examine())
    if arguments.json:
        report = {"schema": SCHEMA, "ready": doctor.ready(findings), "findings": [asdict(each) for each in findings]}
        print(json.dumps(report, indent=2))
    else:
        _print(findings)
    if not doctor.ready(findings):
        bad = [each.name for each in findings if each.needed and each.state in (doctor.MISSING, doctor.BROKEN)]
        raise JobError(f"the default model can upscale no video here before this is in order: {', '.join(bad)}")


def _print(findings: Sequence[Finding]) -> None:
    rows = []
    for finding in findings:
        rows.append((finding.state, finding.name, finding.text))
        if finding.way_out:
            rows.append(("", "", f"-> {finding.way_out}"))
    print_table([("state", "what", "found"), *rows])
