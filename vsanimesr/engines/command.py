"""The command line that builds an engine, for errors that say what to do."""

import shlex
from pathlib import Path

from vsanimesr.engines import store
from vsanimesr.engines.key import Shapes
from vsanimesr.engines.label import has_location, has_matrix, has_range, range_name
from vsanimesr.engines.recipe import Recipe, sized
from vsanimesr.spec import ClipSpec

Options = dict[str, object]
"""Values by option: True for one that has none, None for one that is left out."""


def build_command(recipe: Recipe, engine_dir: Path) -> str:
    """What builds the recipe's engine on a machine with the GPU it is for."""
    key, clip = recipe.key, sized(recipe.wanted, recipe.key.shapes.best)
    options: Options = {
        "--precision": key.precision,
        "--backend": key.library,
        "--optimization-level": key.optimization_level,
        "--workspace": key.workspace_mib,
        "--engine-dir": engine_dir if engine_dir != store.folder(None) else None,
    }
    what = [*_words({"--model": key.model, **_size(key.shapes, clip)}), *described(clip)]
    return shlex.join(["vsanimesr", "engines", "build", *what, *_words(options)])


def described(clip: ClipSpec) -> list[str]:
    """The options that say format and colour of a clip and its pictures."""
    return _words({**_frame(clip), **_picture(clip)})


def _words(options: Options) -> list[str]:
    told = ((name, value) for name, value in options.items() if value is not None)
    return [word for name, value in told for word in ([name] if value is True else [name, str(value)])]


def _size(shapes: Shapes, clip: ClipSpec) -> Options:
    if shapes.static:
        return {"--width": clip.width, "--height": clip.height}
    sizes = {"--min": shapes.least, "--opt": shapes.best, "--max": shapes.most}
    return {name: f"{height}x{width}" for name, (height, width) in sizes.items()}


def _frame(clip: ClipSpec) -> Options:
    """Format and colour; what the clip has not is said of its pictures, and so is the range of video out of RGB."""
    ends = [(clip.format, clip.colour), (clip.picture.format, clip.picture.colour)]
    video = has_matrix(clip.picture.format) and not has_matrix(clip.format)
    limited = video and has_range(clip.format) and not clip.colour.full
    matrix = next((colour.matrix for format_, colour in ends if has_matrix(format_)), None)
    full = next((range_name(colour) for format_, colour in (ends[1:] if video else ends) if has_range(format_)), None)
    location = next((colour.location for format_, colour in ends if has_location(format_)), None)
    return {
        "--format": clip.format.name,
        "--matrix": matrix,
        "--range": full,
        "--clip-range": "limited" if limited else None,
        "--chromaloc": location,
    }


def _picture(clip: ClipSpec) -> Options:
    picture = clip.picture
    return {
        "--to": picture.format.name if picture.format != clip.format else None,
        "--scale": picture.scale if picture.scale != 4 else None,
        "--dither": picture.dither or None,
    }
