"""One video upscaled, from file to file, in chunks that a killed job leaves behind and a later one goes on with.

The folder OUTPUT.vsanimesr beside the output has the chunks that are done and a manifest of what they are; the output
itself appears under its name when it is whole.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from vsanimesr import durable
from vsanimesr.engines.mention import mentioned
from vsanimesr.errors import ArgumentError, JobError, MediaError, PipelineError
from vsanimesr.jobs import script, workers
from vsanimesr.jobs.background import watched
from vsanimesr.jobs.chunks import Chunk, plan
from vsanimesr.jobs.kind import Kind
from vsanimesr.jobs.ledger import Drifted, Ledger
from vsanimesr.jobs.manifest import Manifest
from vsanimesr.jobs.order import Begun, Done, Order, Step, check
from vsanimesr.jobs.part import part
from vsanimesr.jobs.rehearsal import rehearse
from vsanimesr.jobs.scene_process import searched
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.jobs.splitter import Finished, Splitter
from vsanimesr.media import Media, encoders, pix_fmts, video_tags
from vsanimesr.media.gaps import remarks
from vsanimesr.media.join import join
from vsanimesr.media.probing import identity, probe
from vsanimesr.pipeline import Clock, Message

FOLDER = ".vsanimesr"
"""What is appended to the output's name for the job's folder."""

UNDECIDED = {"backend", "device", "device_id", "engine_dir", "build", "slots", "checkpoints"}
"""Arguments of the filter that decide no picture, or only as far as the kind of device tells."""

type Event = Begun | Step | Message | Done
type Render = Callable[["Job", Manifest], Generator[workers.Event, None, None]]
"""What renders the chunks that a manifest says are to do, each into its file of the job's folder."""


class Job:
    """What an order comes to."""

    def __init__(self, order: Order, render: Render | None = None) -> None:
        """Looks at the source, decides, and checks; nothing is written yet. Without `render`, devices here do that.

        Raises ArgumentError, MediaError, FormatError, ModelError, BackendError, PipelineError.
        """
        self._renders = render or Job._here
        self.order, self.folder = order, order.output.with_name(order.output.name + FOLDER)
        self._ledger = Ledger(self.folder, order.overwrite, order.mixed)
        check(order, begun=self._ledger.begun)
        self.media = probe(order.source)
        _check_video(self.media)
        self.part = part(self.media.video, order.start, order.end)
        self.format = encoders.pix_fmt(order.encoding, self.media.video)
        self.kind = Kind.of(order.script, order.devices)
        self.encode = self._encode()
        self.decode = encoders.input_arguments(order.encoding, self.media.video)
        self._script(order.devices[0])  # so that arguments that the filter would refuse are refused now

    def run(self) -> Generator[Event, None, None]:
        """Goes on where an earlier run of the same order ended, and tells how far it is.

        Closing the generator, or any exception, ends all programs; what is done stays. Raises JobError where the folder
        is of another job, or in use, or the disk is full; PipelineError where a program fails; MediaError where the
        source cannot be read any more.
        """
        start = time.monotonic()
        self._rehearse()
        yield from self._remarks()
        with durable.held(self.folder), _present(self.order.source):
            whole = False
            try:
                check(self.order, begun=self._ledger.begun)  # another run may have ended meanwhile
                found = yield from self._begin()
                if not self._is_whole(found):
                    yield from self._rendered(found)
                    yield from self._join(found)
                whole = True
            finally:
                self._ledger.tidy(whole=whole)
        yield Done(self.order.output, len(self.part), time.monotonic() - start)

    def _is_whole(self, found: Manifest) -> bool:
        """Whether an earlier run was killed between its last two steps, so that the output is there already."""
        if not self.order.output.exists() or self.order.overwrite:
            return False
        if found.to_do or not self._is_ours(self.order.output):
            raise ArgumentError(f"'{self.order.output}' is there already; give --overwrite, or another name")
        return True

    def _is_ours(self, output: Path) -> bool:
        """Whether a file has the video that this job makes, by its size and the number of its frames."""
        try:
            made = probe(output).video
        except MediaError:
            return False
        return (made.width, made.height, len(made.timestamps)) == (*self._size, len(self.part))

    def _rehearse(self) -> None:
        width, height = self._size
        picture = f"size={width}x{height},format={self.format}"
        rehearse(self.media, picture, (self.decode, self.encode), self.order.output, self.order.drop)

    @property
    def _size(self) -> tuple[int, int]:
        """Of the output."""
        video, scale = self.media.video, self.order.script.scale
        return scale * video.width, scale * video.height

    def _remarks(self) -> Generator[Event, None, None]:
        video, kind = self.media.video, self.kind
        size = video.width, video.height
        yield Begun(self.order.script.model, kind.backend, kind.device, size, self._size, len(self.part))
        if video.dolby_vision:
            yield Message("Warning", "the source's Dolby Vision belongs to its own pixels and is left out")
        for remark in remarks(video, self.part):
            yield Message("Warning", remark)
        if kind.reason:
            yield Message("Information", kind.reason)

    def _begin(self) -> Generator[Event, None, Manifest]:
        """The manifest of the job that was begun, else of a new one."""
        found = yield from self._ledger.earlier(lambda earlier: self._manifest(earlier.chunks, earlier.scenes))
        if found is None:
            self._ledger.clear()
            found = self._manifest(*(yield from self._divided()))
        self._ledger.save(found)
        return found

    def _manifest(self, chunks: Sequence[Chunk], scenes: Sequence[int]) -> Manifest:
        return Manifest.new(
            source=self.order.source,
            identity=identity(self.order.source),
            arguments=self._arguments,
            model=self.kind.model,
            device=self.kind.device,
            versions=self.kind.versions,
            chunks=chunks,
            scenes=scenes,
        )

    @cached_property
    def _arguments(self) -> dict[str, str]:
        """What decides pictures and files, in words, but for the device, of which there is more in the manifest."""
        given = {name: value for name, value in self.options(0).arguments().items() if name not in UNDECIDED}
        encoding, part = self.order.encoding, self.part
        usual = {"--crf": encoding.crf, "--preset": encoding.preset, "--encoder-args": " ".join(encoding.extra)}
        asked = {name: str(value) for name, value in usual.items() if value not in (None, "")}
        cut = {"--start and --end, in frames,": f"{part.start} to {part.stop - 1}"} if self._is_cut else {}
        return {name: str(value) for name, value in given.items()} | {"--encoder": encoding.name} | asked | cut

    def _divided(self) -> Generator[Event, None, tuple[list[Chunk], list[int]]]:
        """The chunks, and where scenes start."""
        order, options, scenes = self.order, self.options(0), list[int]()
        if order.script.other.get("scenes", 1):
            search = searched(order.source, track=options.track, convert=options.convert, part=self.part)
            scenes = yield from _steps("", search)
        segment = order.script.other.get("segment", 0)
        return plan(scenes, self.part, least=order.least, most=order.most, segment=segment), scenes

    def _rendered(self, found: Manifest) -> Generator[Event, None, None]:
        """All that is to do; with `overwrite` anew where what is done turns out to be of other engines."""
        if not found.to_do:
            return
        try:
            yield from self._render(found)
        except Drifted:
            if not self.order.overwrite:
                raise
            again = self._manifest(found.chunks, found.scenes)
        else:
            return
        self._ledger.clear()
        self._ledger.save(again)
        yield from self._render(again)

    def _render(self, found: Manifest) -> Generator[Event, None, None]:
        with closing(self._renders(self, found)) as events:
            yield from self._follow(found, events)

    def _follow(self, found: Manifest, events: Generator[workers.Event, None, None]) -> Generator[Event, None, None]:
        clock, before = Clock(), len(self.part) - sum(chunk.frames for chunk in found.to_do)
        for event in events:
            if isinstance(event, Finished):
                found = found.finished(event.chunk, event.sha256, event.nbytes)
                self._ledger.save(found)
            elif isinstance(event, Message):
                if engines := mentioned(event.text):
                    found = yield from self._ledger.heard(found, engines)
                yield event
            elif event.done:  # not while a model is loaded, which is no part of the rate
                now = clock.progress(before + event.done, len(self.part))
                parts = len(found.chunks) - len(found.to_do), len(found.chunks)
                scene = bisect_right(found.scenes, event.frame), len(found.scenes)
                yield Step("frames", now.done, now.total, now.fps, now.eta, parts, scene)

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
            frames=len(video.timestamps),
        )

    def _script(self, device: int) -> str:
        return script.text(self.order.source, self.options(device))

    def text(self) -> str:
        """The script that it runs, for people to go on with."""
        asked = self.order.script
        options = replace(self.options(asked.device_id), backend=asked.backend, device=asked.device)
        return script.text(self.order.source, options)

    def _join(self, found: Manifest) -> Generator[Event, None, None]:
        files, stamps = [found.file_of(self.folder, chunk) for chunk in found.chunks], self.media.video.timestamps
        shown = stamps[self.part.start : self.part.stop] if self._is_cut else None
        put = partial(join, self.media, files, self.order.output, drop=self.order.drop, timestamps=shown)
        yield from _steps("joining", watched(lambda report: put(progress=report)))

    @property
    def _is_cut(self) -> bool:
        return len(self.part) < len(self.media.video.timestamps)


def _steps[T](what: str, work: Generator[Any, None, T]) -> Generator[Event, None, T]:
    """What a piece of work tells, as steps of the job; of `what`, or as the work itself says."""
    with closing(work):
        while True:
            try:
                told = next(work)
            except StopIteration as end:
                found: T = end.value
                return found
            yield Step(what, *told) if what else Step(*told)


@contextmanager
def _present(source: Path) -> Generator[None, None, None]:
    """Explains what fails because the source is not there any more."""
    try:
        yield
    except (JobError, MediaError, PipelineError) as error:
        if source.is_file():
            raise
        raise MediaError(
            f"'{source}' is not there any more; what is done stays: put it back, and run the same command again"
        ) from error


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
