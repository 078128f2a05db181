"""The contact sheet: one HTML file, factors by patches, from which a person chooses one factor for a video."""

import base64
import hashlib
import html
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from training.rescaling.choice import PERSON, Choice, ranked
from training.rescaling.measures import Measured
from training.rescaling.measuring import Shown
from training.rescaling.patches import Patch, Picture
from training.rescaling.statistics import STRONG, Statistics
from training.rescaling.upscaler import TRUTH, resized
from vsanimesr.compare.images import data_uri
from vsanimesr.durable import explained
from vsanimesr.engines import files

SHEET = "sheet.html"
COLUMN, FIRST = 10, 12
"""Least width of a patch's column, and that of the first one, rem."""
FIGURES = {
    "gradient": "Mean gradient of the picture, in steps of 8 bits per sample: artefacts raise it, and sharp lines.",
    "strong": f"Share of the samples with a gradient above {STRONG:g}: lines.",
    "unrest": "Mean gradient where the frame is quietest: noise and textures that do not belong there.",
    "lost": "Share of the frame's gradients that the picture, reduced to its size, lacks: detail that is lost.",
    "rank": "The order of the sum of unrest and loss, each from 0 at its least to 1 at its most. The paper "
    "calls such an order alone unreliable: it does not tell fine artefacts from detail. Look.",
}
_TOKEN = re.compile(r"\{\{([a-z-]+)\}\}")


def write(folder: Path, measured: Measured, shown: Sequence[Shown]) -> int:
    """Write the sheet of a folder and return its size in bytes; it appears under its name once it is whole.

    Raises JobError where it cannot be written.
    """
    data = _page(folder, measured, shown).encode(errors="replace")  # names of files need not be Unicode
    with explained(folder / SHEET):
        files.write(data, folder / SHEET)
    return len(data)


def _page(folder: Path, measured: Measured, shown: Sequence[Shown]) -> str:
    report = resources.files("training.report").joinpath("page.css").read_text(encoding="utf-8")
    width = FIRST + COLUMN * len(shown)
    style = report + _asset("sheet.css").replace("{{width}}", str(width))
    script = _asset("sheet.js")
    values = {
        "title": html.escape(f"Rescaling of {measured.source.video}"),
        "summary": html.escape(_summary(measured)),
        "table": _table(measured, shown),
        "figures": _listed(FIGURES),
        "facts": _listed(_facts(measured)),
        "choices": json.dumps(_choices(folder, measured)).replace("<", "\\u003c"),
        "style": style,
        "style-hash": _hash(style),
        "script": script,
        "script-hash": _hash(script),
    }
    return _TOKEN.sub(lambda token: values[token[1]], _asset("sheet.html"))


def _summary(measured: Measured) -> str:
    return (
        f"What {measured.source.model} makes of {len(measured.patches)} patches whose frames were first "
        f"reduced by each factor, all shown at {TRUTH} times the size of the frame. The smaller the factor, the fewer "
        "artefacts, and the less detail."
    )


def _choices(folder: Path, measured: Measured) -> dict[str, dict[str, str]]:
    """By factor: the command that keeps a person's choice, and what choice.json is to hold."""
    command = f"python -m training.rescale choose {shlex.quote(str(folder))} --factor"
    return {
        _factor(tenths): {
            "command": f"{command} {_factor(tenths)}",
            "file": Choice.of(measured, tenths, PERSON).text(),
        }
        for tenths in measured.settings.factors
    }


def _table(measured: Measured, shown: Sequence[Shown]) -> str:
    heads = "".join(_head(number, patch) for number, (patch, _) in enumerate(measured.patches, 1))
    rows = [_frames(shown)]
    order, means = ranked(measured.means()), measured.means()
    for tenths in sorted(measured.settings.factors, reverse=True):
        name = _factor(tenths)
        first = _chooser(tenths, means[tenths], order.index(tenths) + 1)
        cells = [_cell(f"{name}, patch {n}", made[tenths], _told(found[tenths]))
                 for n, ((_, made), (_, found)) in enumerate(zip(shown, measured.patches, strict=True), 1)]  # fmt: skip
        rows.append(f'<tr data-factor="{name}" data-name="{name}">{first}{"".join(cells)}</tr>')
    return f'<table><thead><tr><th scope="col">factor</th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _head(number: int, patch: Patch) -> str:
    where = f"frame {patch.window.last}, {patch.side}x{patch.side} at {patch.left}, {patch.top}"
    return f'<th scope="col">patch {number}<small>{where}</small></th>'


def _frames(shown: Sequence[Shown]) -> str:
    """The row of the patches as they are in the frames."""
    cells = "".join(
        _cell(f"frame, patch {n}", resized(low, TRUTH * low.shape[0], TRUTH * low.shape[1]), "as it is")
        for n, (low, _) in enumerate(shown, 1)
    )
    return f'<tr data-name="frame"><th scope="row"><b>frame</b><small>enlarged by Lanczos</small></th>{cells}</tr>'


def _chooser(tenths: int, mean: Statistics, rank: int) -> str:
    told = {
        "gradient": f"{mean.gradient:.2f}",
        "strong": f"{mean.strong:.1%}",
        "unrest": f"{mean.unrest:.2f}",
        "lost": f"{mean.lost:.1%}",
        "rank": str(rank),
    }
    button = '<button type="button" class="choose" aria-pressed="false">Choose</button>'
    return f'<th scope="row"><b>{_factor(tenths)}</b><kbd>{tenths % 10}</kbd><dl>{_listed(told)}</dl>{button}</th>'


def _cell(label: str, picture: Picture, told: str) -> str:
    image = f'<img alt="{label}" src="{data_uri(picture)}">'
    button = f'<button type="button" aria-label="{label} in all of the window">{image}</button>'
    return f"<td><figure>{button}<figcaption>{told}</figcaption></figure></td>"


def _told(found: Statistics) -> str:
    return f"unrest {found.unrest:.1f}, lost {found.lost:.0%}"


def _facts(measured: Measured) -> dict[str, str]:
    source, settings = measured.source, measured.settings
    return {
        "video": f"{source.video} (contents {source.identity[:12]})",
        "model": f"{source.model}, weights {source.weights[:12]}, {settings.precision}",
        "patches": f"{settings.patches} of {settings.side}x{settings.side}, seed {settings.seed}: the most Sobel "
        "energy of each of several frames, of as many shots as there are",
        "frames": f"the last of {settings.frames}, after {settings.burn_in} steps on the first one as a still",
        "resizing": "Lanczos, antialiased",
    }


def _listed(facts: Mapping[str, str]) -> str:
    return "".join(f"<dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd>" for key, value in facts.items())


def _factor(tenths: int) -> str:
    """As the page's script and the command line have it: 0.5, 1."""
    return f"{tenths / 10:g}"


def _hash(text: str) -> str:
    """How the page's policy names the one script, or style, that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
