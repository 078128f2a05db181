"""A preparation from beginning to end: measure what has not been measured, choose, write what is not there yet."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from training.preparing import flow, measuring, quality, records, writing
from training.preparing.records import Made, Video
from training.preparing.selecting import Candidate, Selection, best, candidates, measured_shots
from training.preparing.workers import Failure, Seen, run
from vsanimesr import durable
from vsanimesr.durable import explained
from vsanimesr.errors import ArgumentError, MediaError
from vsanimesr.media.probing import identity

type Bar = Callable[[str, int], AbstractContextManager[Seen]]
"""A progress bar of a name and so many frames; what it gives is told of frames that are done."""


@dataclass(frozen=True)
class Preparation:
    """What is to be done."""

    out: Path
    """The folder that everything goes into."""
    selection: Selection
    """How clips are chosen."""
    quality: str = "sharpness"
    """As `quality.scorer` takes it."""
    listed: bool = False
    """Whether clips become a list instead of pictures."""
    processes: int = 1
    """That work side by side, each on one video."""

    def __post_init__(self) -> None:
        """Raise ArgumentError for no process at all."""
        if self.processes < 1:
            raise ArgumentError(f"--processes {self.processes}, wanted a number from 1 on")


OWN = (records.TABLE, records.LISTED, records.MEASUREMENTS)
"""What else lies beside the clips."""


@dataclass(frozen=True)
class Outcome:
    """What has come of it."""

    clips: tuple[tuple[str, Candidate], ...]
    """Of each chosen clip the video's name, and its frames."""
    without: tuple[str, ...]
    """Names of videos of which no clip could be made."""
    failures: tuple[str, ...]
    """What went wrong, a text for each video that could not be read."""


@dataclass(frozen=True)
class _Task:
    """A video to be measured."""

    name: str
    path: Path
    made: Made
    quality: str
    file: Path


@dataclass(frozen=True)
class _Clip:
    """A clip to be written."""

    folder: Path
    video: Path
    times: tuple[int, ...]
    numbers: tuple[int, ...]


def prepare(videos: Sequence[Path], asked: Preparation, bar: Bar) -> Outcome:
    """Do all of it; what an earlier run has finished, to the end or not, is not done again.

    A video that fails keeps no other from being prepared. Raises ArgumentError for settings that are none, JobError
    where OUT cannot be written, is damaged, or is another process's.
    """
    with durable.held(asked.out):
        return _prepared(videos, asked, bar)


def _prepared(videos: Sequence[Path], asked: Preparation, bar: Bar) -> Outcome:
    tasks, failures = _tasks(videos, asked)
    known, unreadable = _measured(tasks, asked, bar)
    chosen = {video.name: _chosen(video, asked) for video in known}
    _record(known, chosen, asked)
    clips = tuple((name, clip) for name, found in chosen.items() for clip in found)
    failures += unreadable if asked.listed else unreadable + _written(known, chosen, asked, bar)
    return Outcome(clips, tuple(name for name, found in chosen.items() if not found), tuple(failures))


def _tasks(videos: Sequence[Path], asked: Preparation) -> tuple[list[_Task], list[str]]:
    """Which videos there are, by their contents: the same one under two names is prepared once."""
    scorer = quality.scorer(asked.quality)
    identities, failures = _identities(videos)
    names = _names(identities, records.read(asked.out, records.TABLE))
    folder = asked.out / records.MEASUREMENTS
    return [
        _Task(names[key], path, Made(key, flow.NAME, scorer.name), asked.quality, folder / f"{names[key]}.npz")
        for key, path in identities.items()
    ], failures


def _identities(videos: Sequence[Path]) -> tuple[dict[str, Path], list[str]]:
    found, failures = dict[str, Path](), list[str]()
    for path in videos:
        try:
            found.setdefault(identity(path), path.resolve())
        except MediaError as error:
            failures.append(str(error))
    return found, failures


def _names(videos: dict[str, Path], table: Sequence[records.Line]) -> dict[str, str]:
    """A video's name is that of its file without the suffix; where two have the same, their contents' hash is added."""
    taken = {line["name"]: line["identity"] for line in table if line["kind"] == "video"}
    known = {key: name for name, key in taken.items()}
    often = Counter(map(_stem, videos.values()))
    names = {}
    for key, path in videos.items():
        name = _stem(path)
        alone = often[name] == 1 and taken.get(name, key) == key and name not in OWN
        names[key] = known.get(key) or (name if alone else f"{name}-{key[:8]}")
    return names


def _stem(path: Path) -> str:
    """Without the dot that would hide its folder."""
    return path.stem.lstrip(".") or "video"


def _measured(tasks: Sequence[_Task], asked: Preparation, bar: Bar) -> tuple[list[Video], list[str]]:
    failures, missing = list[str](), list[_Task]()
    total = 0
    for task in tasks:
        try:
            if records.load(task.file, task.name, task.path, task.made) is None:
                total += measuring.facts(task.path).expected
                missing.append(task)
        except MediaError as error:
            failures.append(str(error))
    with bar("measuring", total) as seen:
        results = run(_measure, missing, asked.processes, seen)
    failures += [result.what for result in results if isinstance(result, Failure)]
    loaded = (records.load(task.file, task.name, task.path, task.made) for task in tasks)
    return [video for video in loaded if video is not None], failures


def _measure(task: _Task, seen: Seen) -> None:
    scorer = quality.scorer(task.quality)
    try:
        measures = measuring.measure(task.path, scorer.score, seen)
    except MediaError as error:
        raise MediaError(f"'{task.path}': {error}" if str(task.path) not in str(error) else str(error)) from error
    records.save(task.file, Video(task.name, task.path, task.made, measuring.facts(task.path), measures))


def _chosen(video: Video, asked: Preparation) -> list[Candidate]:
    found = measured_shots(video.measures, asked.selection)
    return best(candidates(video.measures, found, asked.selection), asked.selection.keep)


def _lines(video: Video, chosen: Sequence[Candidate], asked: Preparation) -> list[records.Line]:
    found = measured_shots(video.measures, asked.selection)
    clips = ((each, each in chosen) for each in candidates(video.measures, found, asked.selection))
    return records.lines_of(video, found, clips, asked.selection)


def _record(known: Sequence[Video], chosen: dict[str, list[Candidate]], asked: Preparation) -> None:
    """Puts away what was chosen before and no longer is, then writes the table, so that a folder is what it says."""
    table = records.read(asked.out, records.TABLE)
    names = {video.name for video in known}
    for line in table:
        if line["kind"] == "clip" and line["chosen"] and line["video"] in names:
            _put_away(line, chosen[line["video"]], asked.out)
    kept = [line for line in table if line.get("video", line.get("name")) not in names]
    new = [line for video in known for line in _lines(video, chosen[video.name], asked)]
    records.write(asked.out, records.TABLE, [*kept, *new])
    if asked.listed or (asked.out / records.LISTED).exists():
        old = [line for line in records.read(asked.out, records.LISTED) if line["name"].split("/")[0] not in names]
        records.write(asked.out, records.LISTED, [*old, *_listed(known, chosen)])


def _put_away(line: records.Line, chosen: Sequence[Candidate], out: Path) -> None:
    spans = [tuple(span) for span in line["spans"]]
    folder = out / line["video"] / line["name"]
    if spans not in [list(each.spans) for each in chosen] and folder.exists():
        hidden = folder.with_name(f".{folder.name}.part")
        with explained(folder):
            shutil.rmtree(hidden, ignore_errors=True)
            folder.replace(hidden)  # at once, so that what is left of it by a kill is no clip
            shutil.rmtree(hidden)


def _listed(known: Sequence[Video], chosen: dict[str, list[Candidate]]) -> Iterator[records.Line]:
    for video in known:
        for clip in chosen[video.name]:
            times = video.measures.time[clip.frames].tolist()
            yield {"name": f"{video.name}/{clip.name}", "path": str(video.path), "spans": clip.spans, "times": times}


def _written(known: Sequence[Video], chosen: dict[str, list[Candidate]], asked: Preparation, bar: Bar) -> list[str]:
    wanted = [
        _Clip(folder, video.path, tuple(video.measures.time[clip.frames].tolist()), tuple(clip.frames))
        for video in known
        for clip in chosen[video.name]
        if not (folder := asked.out / video.name / clip.name).exists()
    ]
    with bar("writing", sum(len(clip.numbers) for clip in wanted)) as seen:
        results = run(_write, wanted, asked.processes, seen)
    return [result.what for result in results if isinstance(result, Failure)]


def _write(clip: _Clip, seen: Seen) -> None:
    writing.write_clip(clip.folder, clip.video, clip.times, clip.numbers, seen)
