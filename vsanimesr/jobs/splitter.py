"""A VapourSynth script into chunk files: one vspipe, whose stream is cut by frames, and an encoder for each chunk.

The stream runs on while an encoder ends. Nothing here knows what the script does, and nothing is printed.
"""

import queue
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from vsanimesr import durable
from vsanimesr.children import Family
from vsanimesr.errors import ArgumentError
from vsanimesr.jobs import chunk_file, frame_source, pipes
from vsanimesr.jobs.chunk_file import ChunkFile, Finished
from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.frame_source import FrameSource
from vsanimesr.jobs.pipes import Move
from vsanimesr.pipeline import Clock, Message, Progress, check_script, find_ffmpeg, find_vspipe

__all__ = ["Finished", "Message", "Progress", "Splitter"]

_ENDING = 2  # encoders that end, or wait to be told of, while the next one is fed
_TICK = 0.2  # seconds between two Progress, and between two looks at the encoder


class Splitter:
    """A stretch of consecutive chunks of one script's clip, each into a file of its own."""

    messages: list[Message]
    """What the script and its filters logged so far; complete when `run` has ended."""

    def __init__(
        self,
        script: Path,
        chunks: Sequence[Chunk],
        file_of: Callable[[Chunk], Path],
        encode: Sequence[str],
        arguments: Mapping[str, str],
        *,
        decode: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        move: Move = pipes.move,
    ) -> None:
        """Checks what was asked for; nothing is started yet.

        `script` gets `arguments` as globals, and `first` and `last`, the first and the last frame that it is to give.
        `file_of` tells a chunk's file, in a folder that exists; `encode` are ffmpeg's options between the frames and
        that file, `decode` those in front of the frames. `environment` is added to vspipe's. `move` brings frames from
        pipe to pipe.
        Raises ArgumentError for chunks that do not follow each other, a missing script, or a bad argument name;
        PipelineError for a missing program.
        """
        check_script(script, arguments)
        _check(chunks)
        self.script, self.chunks, self.encode = script.absolute(), tuple(chunks), tuple(encode)
        self.paths = {chunk: file_of(chunk).absolute() for chunk in chunks}
        if len(set(self.paths.values())) < len(self.chunks):
            raise ArgumentError("file_of: got the same file for several chunks, wanted one for each")
        self.arguments, self.environment, self.move = dict(arguments), dict(environment or {}), move
        self.vspipe, self.writer, self.messages = find_vspipe(), [str(find_ffmpeg()), *decode], []

    def run(self) -> Generator[Progress | Finished, None, None]:
        """Yields each chunk as soon as its file is in its place, and 5 times a second how far all are.

        A Progress comes also while nothing moves, as while a model is loaded (none done yet), so that whoever asks may
        stop; only the very last one is complete. Chunks may be Finished in another order. Closing the generator, or any
        exception, ends all programs and leaves no other file. One run at a time.
        Raises PipelineError where a program fails, where the script has fewer or more frames, or where an encoder takes
        fewer or more; JobError where the disk is full or a file cannot be written. Chunks that have all their frames by
        then are finished first.
        """
        self.messages.clear()
        with durable.explained(self.paths[self.chunks[0]]):
            chunk_file.sweep(self.paths.values())
        with Family() as family:
            work = _Work(self, family)
            try:
                work.start()
                yield from work.follow()
            finally:
                work.stop()

    @property
    def total(self) -> int:
        """Frames of all chunks."""
        return self.chunks[-1].end - self.chunks[0].first

    def reader_command(self) -> list[str]:
        """vspipe's command."""
        stretch = {"first": str(self.chunks[0].first), "last": str(self.chunks[-1].end - 1)}
        return frame_source.command(self.vspipe, self.script, self.arguments | stretch)


class _Over:
    """No program is running any more, and no file is being written."""


type _Event = Finished | BaseException | _Over


class _Work(threading.Thread):
    """One run: this thread moves the frames, others wait for encoders that end, `follow` tells what they did.

    All children are its own: it lives until they have ended, since on Linux they end with it.
    """

    def __init__(self, splitter: Splitter, family: Family) -> None:
        super().__init__(name="splitter", daemon=True)
        self.splitter, self.family = splitter, family
        self.events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self.room, self.ending = threading.Semaphore(_ENDING), list[threading.Thread]()
        self.source: FrameSource | None = None
        self.file: ChunkFile | None = None
        self.failed, self.done, self.clock = False, 0, Clock()

    def follow(self) -> Generator[Progress | Finished, None, None]:
        """Yields what happens until all is over; raises the first error, once all that could be finished is."""
        error, tick = None, time.monotonic() + _TICK
        while True:
            event = self._next(tick)
            if isinstance(event, _Over):
                break
            if isinstance(event, Finished):
                yield event
                self.room.release()
            elif event is not None:
                error = error or event
                self._fail()
            if time.monotonic() >= tick:
                self._look_after_the_encoder()
                yield self._progress()
                tick = time.monotonic() + _TICK
        if error:
            raise error
        yield self.clock.progress(self.splitter.total, self.splitter.total)

    def stop(self) -> None:
        """Ends everything that has not ended yet."""
        self.failed = True
        self.family.kill()
        self.room.release(_ENDING)
        if self.ident is not None:
            self.join()

    def run(self) -> None:
        try:
            self._split()
        except BaseException as exc:  # `follow` raises it
            self.events.put(exc)
        for thread in self.ending:
            thread.join()
        self.events.put(_Over())

    def _next(self, until: float) -> _Event | None:
        """Waits for the next event; None where none came by then."""
        try:
            return self.events.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return None

    def _progress(self) -> Progress:
        total, done = self.splitter.total, self.done
        return self.clock.progress(min(done, total - 1), total) if done else Progress(0, total, 0.0, None)

    def _look_after_the_encoder(self) -> None:
        """Ends vspipe if the encoder has gone: it would be noticed at the next frame only, which may take long."""
        file = self.file
        if file and file.has_ended and self.file is file:  # else it has been given all frames meanwhile
            self._fail()

    def _fail(self) -> None:
        """Lets nothing begin any more; encoders that have all frames may go on."""
        self.failed = True
        file, source = self.file, self.source
        if source:
            source.kill()
        if file:
            file.kill()
        self.room.release()

    def _split(self) -> None:
        splitter = self.splitter
        self.source = source = FrameSource(
            self.family, splitter.reader_command(), splitter.environment, splitter.messages, splitter.move
        )
        try:
            source.begin(splitter.total)
            for chunk in splitter.chunks:
                if not self.failed:
                    self._feed(source, chunk)
            source.end()
        except EOFError:
            raise source.failure(splitter.total) from None
        finally:
            source.close()

    def _feed(self, source: FrameSource, chunk: Chunk) -> None:
        """Starts a chunk's encoder, gives it all frames, and lets it end by itself."""
        file = ChunkFile(self.family, self.splitter.writer, self.splitter.encode, chunk, self.splitter.paths[chunk])
        try:
            self.file = file
            self._move(source, file)
        except BaseException:
            file.discard()
            raise
        finally:
            self.file = None
        self.room.acquire()
        thread = threading.Thread(target=self._end, args=(file,), name=f"chunk {chunk.number}", daemon=True)
        self.ending.append(thread)
        thread.start()

    def _move(self, source: FrameSource, file: ChunkFile) -> None:
        try:
            pipes.write(file.input, source.header.line)
            for _ in range(file.chunk.first, file.chunk.end):
                source.feed(file.input)
                if not self.done:
                    self.clock.progress(1, self.splitter.total)  # starts it
                self.done += 1
            if file.chunk == self.splitter.chunks[-1]:
                source.expect_end()
        except BrokenPipeError:
            raise file.failure() from None
        except EOFError:
            if file.has_ended:  # it went first, and vspipe was ended for that
                raise file.failure() from None
            raise

    def _end(self, file: ChunkFile) -> None:
        try:
            self.events.put(file.end())
        except BaseException as exc:  # `follow` raises it
            self.events.put(exc)


def _check(chunks: Sequence[Chunk]) -> None:
    if not chunks:
        raise ArgumentError("chunks: got none, wanted at least one")
    for chunk, after in pairwise(chunks):
        if chunk.end != after.first:
            raise ArgumentError(
                f"chunks: chunk {chunk.number} ends before frame {chunk.end}, the next begins with {after.first}; "
                "wanted chunks that follow each other"
            )
