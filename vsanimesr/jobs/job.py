"""One video upscaled, from file to file, in chunks that a killed job leaves behind and a later one goes on with.

The folder OUTPUT.vsanimesr beside the output has the chunks that are done and a manifest of what they are; the output
itself appears under its name when it is whole.
"""

import shutil
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from vsanimesr import durable
from vsanimesr.errors import ArgumentError, JobError, MediaError
from vsanimesr.jobs import manifest, script, workers
from vsanimesr.jobs.background import Report, watched
from vsanimesr.jobs.chunks import Chunk, plan
from vsanimesr.jobs.kind import Kind
from vsanimesr.jobs.manifest import Manifest
from vsanimesr.jobs.order import Done, Order, Step, check
from vsanimesr.jobs.rehearsal import rehearse
from vsanimesr.jobs.scene_search import scene_starts
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.jobs.splitter import Finished, Splitter
from vsanimesr.media import Media, encoders, pix_fmts, video_tags
from vsanimesr.media.join import join
from vsanimesr.media.probing import identity, probe
from vsanimesr.pipeline import Clock, Message

FOLDER = ".vsanimesr"
"""What is appended to the output's name for the job's folder."""

type Event = Step | Message | Done
type Render = Callable[["Job", Manifest], Generator[workers.Event, None, None]]
"""What renders the chunks that a manifest says are to do, each into its file of the job's folder."""


class Job:
    """What an order comes to."""

    def __init__(self, order: Order, render: Render | None = None) -> None:
        """Looks at the source, decides, and checks; nothing is written yet. Without `render`, devices here do that.

        Raises ArgumentError, MediaError, FormatError, ModelError, BackendError, PipelineError.
        """
        self._renders, self._whole = render or Job._here, False
        self.order, self.folder = order, order.output.with_name(order.output.name + FOLDER)
        check(order, begun=(self.folder / manifest.NAME).exists())
        self.media = probe(order.source)
        _check_video(self.media)
        self.format = encoders.pix_fmt(order.encoding, self.media.video)
        self.kind = Kind.of(order.script, order.devices)
        self.encode = self._encode()
        self.decode = encoders.input_arguments(order.encoding, self.media.video)
        self._script(order.devices[0])  # so that arguments that the filter would refuse are refused now

    def run(self) -> Generator[Event, None, None]:
        """Goes on where an earlier run of the same order ended, and tells how far it is.

        Closing the generator, or any exception, ends all programs; what is done stays. Raises JobError where the folder
        is of another job, or in use, or the disk is full; PipelineError where a program fails.
        """
        start = time.monotonic()
        self._rehearse()
        yield from self._remarks()
        with manifest.locked(self.folder):
            try:
                check(self.order, begun=(self.folder / manifest.NAME).exists())  # another run may have ended meanwhile
                found = yield from self._begin()
                if not self._is_whole(found):
                    yield from self._render(found)
                    yield from self._join(found)
                self._whole = True
            finally:
                self._tidy()
        yield Done(self.order.output, self.frames, time.monotonic() - start)

    def _is_whole(self, found: Manifest) -> bool:
        """Whether an earlier run was killed between its last two steps, so that the output is there already."""
        if not self.order.output.exists() or self.order.overwrite:
            return False
        if found.to_do or not self._is_ours(self.order.output):
            raise ArgumentError(f"'{self.order.output}' is there already; give --overwrite, or another name")
        return True

    def _is_ours(self, output: Path) -> bool:
        """Whether a file has the video that this job makes, by its size and the number of its frames."""
        mine, scale = self.media.video, self.order.script.scale
        try:
            made = probe(output).video
        except MediaError:
            return False
        size = scale * mine.width, scale * mine.height
        return (made.width, made.height, len(made.timestamps)) == (*size, self.frames)

    def _tidy(self) -> None:
        """Remove the folder if nothing in it is worth keeping."""
        path = self.folder / manifest.NAME
        try:
            done = path.exists() and any(record.done for record in Manifest.load(path).records)
        except JobError:
            done = True  # whatever it is, it is not ours to throw away
        if self._whole or not done:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _rehearse(self) -> None:
        video, scale = self.media.video, self.order.script.scale
        picture = f"size={scale * video.width}x{scale * video.height},format={self.format}"
        rehearse(self.media, picture, (self.decode, self.encode), self.order.output, self.order.drop)

    @cached_property
    def frames(self) -> int:
        """Of the source, and of the output."""
        return len(self.media.video.timestamps)

    def _remarks(self) -> Generator[Event, None, None]:
        if self.media.video.dolby_vision:
            yield Message("Warning", "the source's Dolby Vision belongs to its own pixels and is left out")
        if self.kind.reason:
            yield Message("Information", self.kind.reason)

    def _begin(self) -> Generator[Event, None, Manifest]:
        """The manifest of the job that was begun, else of a new one."""
        path = self.folder / manifest.NAME
        found = self._earlier(path)
        if found is None:
            _clear(self.folder)
            found = self._manifest((yield from self._chunks()))
        else:
            for number in found.verify(self.folder):
                yield Message("Warning", f"chunk {number} was missing or damaged and is made anew")
                found = found.unfinished(found.chunks[number])
        found.save(path)
        return found

    def _earlier(self, path: Path) -> Manifest | None:
        """The manifest of the same job; None where there is no job, or another one that may be given up."""
        if not path.exists():
            return None
        try:
            found = Manifest.load(path)
            if changed := found.differences(self._manifest(found.chunks)):
                if not any(record.done for record in found.records):
                    return None
                raise JobError(
                    f"'{self.folder}' has a job that was begun otherwise: {'; '.join(changed)}; give --overwrite to "
                    "begin anew, or the same arguments to go on"
                )
        except JobError:
            if self.order.overwrite:
                return None
            raise
        return found

    def _manifest(self, chunks: list[Chunk]) -> Manifest:
        return Manifest.new(
            source=self.order.source,
            identity=identity(self.order.source),
            arguments=self._arguments,
            model=self.kind.model,
            device=self.kind.device,
            versions=self.kind.versions,
            chunks=chunks,
        )

    @cached_property
    def _arguments(self) -> dict[str, str]:
        """What decides pictures and files, in words."""
        given = self.options(0).arguments()
        given.pop("device_id", None)
        encoding = self.order.encoding
        usual = {"--crf": encoding.crf, "--preset": encoding.preset, "--encoder-args": " ".join(encoding.extra)}
        asked = {name: str(value) for name, value in usual.items() if value not in (None, "")}
        return {name: str(value) for name, value in given.items()} | {"--encoder": encoding.name} | asked

    def _chunks(self) -> Generator[Event, None, list[Chunk]]:
        starts, other = [0], self.order.script.other
        if other.get("scenes", 1):
            options = self.options(0)
            search = partial(scene_starts, self.order.source, track=options.track, convert=options.convert)
            starts = yield from _steps("scenes", search)
        return plan(starts, self.frames, least=self.order.least, most=self.order.most, segment=other.get("segment", 0))

    def _render(self, found: Manifest) -> Generator[Event, None, None]:
        clock, before = Clock(), sum(chunk.frames for chunk in found.chunks) - sum(c.frames for c in found.to_do)
        for event in self._renders(self, found) if found.to_do else ():
            if isinstance(event, Finished):
                found = found.finished(event.chunk, event.sha256, event.nbytes)
                found.save(self.folder / manifest.NAME)
            elif isinstance(event, Message):
                yield event
            elif event.done:  # not while a model is loaded, which is no part of the rate
                now = clock.progress(before + event.done, self.frames)
                parts = len(found.chunks) - len(found.to_do), len(found.chunks)
                yield Step("frames", now.done, now.total, now.fps, now.eta, parts)

    def _here(self, found: Manifest) -> Generator[workers.Event, None, None]:
        """Render on the devices of this machine."""
        scripts = {device: self._script(device) for device in self.order.devices}

        def make(device: int, chunks: workers.Stretch) -> Splitter:
            path = self.folder / f"device-{device}.vpy"
            with durable.explained(path):
                path.write_text(scripts[device], encoding="utf-8")
            return Splitter(
                path, chunks, lambda chunk: found.file_of(self.folder, chunk), self.encode, {}, decode=self.decode
            )

        return workers.render(workers.stretches(found.to_do, len(scripts)), self.order.devices, make)

    def _encode(self) -> list[str]:
        video, order = self.media.video, self.order
        name = pix_fmts.conversion(video.pix_fmt)
        source = pix_fmts.taken(video.pix_fmt) or script.FORMAT_NAMES[name]
        formats = source, pix_fmts.PIX_FMTS[self.format]
        arguments = {name: getattr(order.script, name) for name in ("matrix", "range", "chromaloc")}
        tags = video_tags.of_pictures(video, formats, order.script.scale, arguments)
        return encoders.arguments(order.encoding, video, tags)

    def options(self, device: int) -> ScriptOptions:
        """What a device's script is to do, all decided."""
        video, asked = self.media.video, self.order.script
        return replace(
            asked,
            backend=self.kind.backend,
            device=asked.device or self.kind.where,
            device_id=device,
            format=pix_fmts.vapoursynth_format(self.format),
            track=video.index,
            convert=pix_fmts.conversion(video.pix_fmt),
            frames=self.frames,
        )

    def _script(self, device: int) -> str:
        return script.text(self.order.source, self.options(device))

    def text(self) -> str:
        """The script that it runs, for people to go on with."""
        asked = self.order.script
        options = replace(self.options(asked.device_id), backend=asked.backend, device=asked.device)
        return script.text(self.order.source, options)

    def _join(self, found: Manifest) -> Generator[Event, None, None]:
        files = [found.file_of(self.folder, chunk) for chunk in found.chunks]
        put = partial(join, self.media, files, self.order.output, drop=self.order.drop)
        yield from _steps("joining", lambda report: put(progress=report))


def _steps[T](what: str, work: Callable[[Report], T]) -> Generator[Event, None, T]:
    """What a piece of work reports, as steps of the job."""
    running = watched(work)
    while True:
        try:
            done, total = next(running)
        except StopIteration as end:
            found: T = end.value
            return found
        yield Step(what, done, total)


def _check_video(media: Media) -> None:
    """Raise MediaError for frames that cannot be upscaled as they are."""
    video, format_ = media.video, pix_fmts.taken(media.video.pix_fmt)
    if video.interlaced:
        raise MediaError(f"'{media.path}' is interlaced; deinterlace it first, its fields are not frames")
    across, down = format_.subsampling if format_ else (0, 0)
    if video.width % (1 << across) or video.height % (1 << down):
        raise MediaError(
            f"'{media.path}' is {video.width}x{video.height} in {video.pix_fmt}, whose chroma has no whole number of "
            "samples; convert it to 4:4:4 or another size first"
        )


def _clear(folder: Path) -> None:
    """Remove what an earlier job left, but for the lock."""
    with durable.explained(folder):
        for file in folder.iterdir():
            if not file.name.startswith(".lock"):
                file.unlink()
