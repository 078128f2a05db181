"""The report: one HTML file that needs no other and no network, with tables, pictures and courses."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from training.metrics.fidelity import psnr
from training.report import tables
from training.report.plots import Plot, drawn
from training.report.results import TRUTH, Evaluation, versions
from training.report.spots import Spot
from vsanimesr.compare.images import data_uri
from vsanimesr.engines import files
from vsanimesr.errors import ArgumentError

BLIND = (
    "Metrics without reference were fitted to photographs, and may rate a drawing below what was made of it: the row "
    "of the truth, where there is one, tells how far they go. Beside figures of other frames, such as published ones, "
    "they mean nothing."
)
DRIFT = (
    "Runs of one scene. Brightness is that of the picture less that of the bicubic one, in steps of 8 bits; contrast "
    "its standard deviation over that of the bicubic one; state its root mean square. Those of the still are held "
    "against its first frames; the cut clip repeats, so its frames are held against those of its second time. The end "
    "is the mean of the last frames; slopes are of least-squares lines after what is held against."
)
_TOKEN = re.compile(r"\{\{([a-z-]+)\}\}")


def write(path: Path, evaluation: Evaluation, spots: Sequence[Spot], *, images: str = "webp") -> int:
    """Write the report and return its size in bytes; it appears under its name once it is whole.

    `images` is one of `vsanimesr.compare.ENCODINGS`. Raises ArgumentError for another, or where it cannot be written.
    """
    data = _page(evaluation, spots, images).encode(errors="replace")  # names of files need not be Unicode
    try:
        files.write(data, path)
    except OSError as error:
        raise ArgumentError(f"'{path}' cannot be written: {error.strerror}; give another folder by --output") from error
    return len(data)


def _page(evaluation: Evaluation, spots: Sequence[Spot], images: str) -> str:
    style, script = _asset("page.css"), _asset("page.js")
    parts = {title: content for title, content in _parts(evaluation, spots, images).items() if content}
    body = "".join(f'<section><h2 id="{_id(title)}">{title}</h2>{text}</section>\n' for title, text in parts.items())
    values = {
        "title": html.escape(evaluation.title),
        "summary": html.escape(_summary(evaluation)),
        "nav": " ".join(f'<a href="#{_id(title)}">{title}</a>' for title in parts),
        "body": body,
        "style": style,
        "style-hash": _hash(style),
        "script": script,
        "script-hash": _hash(script),
    }
    return _TOKEN.sub(lambda token: values[token[1]], _asset("page.html"))


def _parts(evaluation: Evaluation, spots: Sequence[Spot], images: str) -> dict[str, str]:
    """What the page holds, by the titles of its parts; '' for a part that has nothing."""
    blind = any(not m.reference for m in evaluation.measures)
    note = f'<p class="note">{BLIND}</p>' if blind else ""
    return {
        "Means": tables.means(evaluation) + note,
        "Pictures": "".join(_spot(spot, images) for spot in spots),
        "Frame by frame": _by_frame(evaluation),
        "Drift": _drift(evaluation),
        "Clips": tables.by_clip(evaluation),
        "How it was made": _settings(evaluation),
    }


def _summary(evaluation: Evaluation) -> str:
    frames, clips = sum(clip.frames for clip in evaluation.clips), len(evaluation.clips)
    told = f"{clips} clip{'s' * (clips != 1)}, {frames} frames, upscaled four times by {_listed(evaluation.methods)}."
    return f"{told} Means are over frames, then over clips; the best of each column is marked."


def _spot(spot: Spot, images: str) -> str:
    left, top, width, height = spot.box
    title = f"{html.escape(spot.clip)}, frame {spot.frame}, {width}x{height} at {left}, {top}"
    figures = "".join(_version(name, spot, images) for name in spot.crops)
    return f'<article class="spot"><h3>{title}</h3><div class="versions">{_place(spot)}{figures}</div></article>'


def _place(spot: Spot) -> str:
    """The whole picture with the place marked."""
    left, top, width, height = spot.box
    rect = f'<rect x="{left}" y="{top}" width="{width}" height="{height}"/>'
    over = f'<svg viewBox="0 0 {spot.size[0]} {spot.size[1]}" preserveAspectRatio="none">{rect}{rect}</svg>'
    image = f'<img alt="" src="{data_uri(spot.whole, "jpeg")}">'
    return f'<figure><div class="place">{image}{over}</div><figcaption><b>where</b></figcaption></figure>'


def _version(name: str, spot: Spot, images: str) -> str:
    crop, truth = spot.crops[name], spot.crops.get(TRUTH)
    known = truth is not None and name != TRUTH
    told = f"<span>{tables.number(psnr(crop, truth), 1)} dB</span>" if known and truth is not None else ""
    label = html.escape(name)
    image = f'<img alt="{label}" src="{data_uri(crop, images)}">'
    button = f'<button type="button" aria-label="{label} in all of the window">{image}</button>'
    return f'<figure data-name="{label}">{button}<figcaption><b>{label}</b>{told}</figcaption></figure>'


def _by_frame(evaluation: Evaluation) -> str:
    """PSNR of each clip; where no truth is known, nothing."""
    if not any(measure.name == "psnr" for measure in evaluation.measures):
        return ""
    numbers, plots = _numbers(evaluation), list[str]()
    for clip in evaluation.clips:
        courses = {name: clip.figures[name]["psnr"] for name in numbers if "psnr" in clip.figures.get(name, {})}
        plots.append(_plot(clip.name, Plot(clip.name, "PSNR dB", courses, numbers)) if courses else "")
    return _plots(list(numbers), numbers, plots)


def _drift(evaluation: Evaluation) -> str:
    if not evaluation.drifts:
        return ""
    numbers, plots = _numbers(evaluation), list[str]()
    for clip in dict.fromkeys(result.clip for result in evaluation.drifts):
        runs = [result for result in evaluation.drifts if result.clip == clip]
        for title, unit, name in (
            ("brightness", "steps of 8 bits", "mean"),
            ("contrast", "of the bicubic one's", "contrast"),
            ("state", "root mean square", "state"),
        ):
            courses = {run.method: getattr(run, name) for run in runs}
            plots.append(_plot(f"{title}, {clip}", Plot(f"{title}, {clip}", unit, courses, numbers)))
    shown = list(dict.fromkeys(run.method for run in evaluation.drifts))
    table = f'<div class="drift">{tables.drifts(evaluation.drifts)}</div>'
    return f'{_plots(shown, numbers, plots)}{table}<p class="note">{DRIFT}</p>'


def _plots(names: Sequence[str], numbers: Mapping[str, int], plots: Sequence[str]) -> str:
    """Plots beneath the colours of these methods."""
    shown = "".join(plots)
    keys = "".join(f'<li><i class="key c{numbers[name]}"></i>{html.escape(name)}</li>' for name in names)
    return f'<ul class="legend">{keys}</ul><div class="plots">{shown}</div>' if shown else ""


def _plot(title: str, plot: Plot) -> str:
    svg = drawn(plot)
    return f'<div class="plot"><h3>{html.escape(title)}</h3>{svg}</div>' if svg else ""


def _settings(evaluation: Evaluation) -> str:
    facts = {**evaluation.settings, **evaluation.methods}
    made_with = ", ".join(f"{name} {version}" for name, version in versions().items())
    return _facts({**facts, "versions": made_with})


def _facts(facts: Mapping[str, str]) -> str:
    return f"<dl>{''.join(f'<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>' for k, v in facts.items())}</dl>"


def _numbers(evaluation: Evaluation) -> dict[str, int]:
    """Which of the page's colours each method has."""
    return {name: number % tables.COLOURS for number, name in enumerate(evaluation.methods)}


def _listed(names: Mapping[str, str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _id(title: str) -> str:
    return title.lower().replace(" ", "-")


def _hash(text: str) -> str:
    """How the page's policy names the one script, or style, that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
