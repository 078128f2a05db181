"""What a job's folder holds: for whom its chunks were made, and which of them are done.

A JSON file beside the chunk files, always whole: it is written under a temporary name and renamed.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from vsanimesr import durable
from vsanimesr.engines import files
from vsanimesr.errors import JobError
from vsanimesr.jobs.chunks import Chunk

NAME = "manifest.json"
"""Of the file, in the job's folder."""
SCHEMA = 2
"""Of the file; one that is not this is of another version of vsanimesr."""

_KIND = "vsanimesr job"
_ERRORS = "surrogateescape"  # paths need not be UTF-8


@dataclass(frozen=True)
class Record:
    """One chunk, and its file once it is done."""

    chunk: Chunk
    """Its frames."""
    sha256: str = ""
    """Of its file, in hexadecimal; '' while it is not done."""
    nbytes: int = 0
    """Of its file; 0 while it is not done."""

    @property
    def done(self) -> bool:
        """Whether it has been recorded as finished."""
        return bool(self.sha256)


@dataclass(frozen=True)
class Manifest:
    """Everything that decides what a job's chunks hold, and those that it has; none of it ever changes in place."""

    source: str
    """The input's path, for people: another one with the same content is the same job."""
    identity: str
    """A hash of the input's content."""
    arguments: Mapping[str, str]
    """What was asked for, as people write it: '--crf' -> '16'."""
    model: str
    """A hash of the model."""
    device: str
    """The kind of device, as people know it: the same pixels are promised on no other."""
    versions: Mapping[str, str]
    """Of the programs and libraries that decide pixels and files: 'OpenVINO' -> '2026.4.1'."""
    records: tuple[Record, ...]
    """The chunks, in the order of their frames."""
    scenes: tuple[int, ...] = ()
    """The frames that start a scene, in order; () where they were not looked for."""
    engines: str = ""
    """A hash of the engines that render (`Backend.engines`); '' while it is not known, or where there are none."""
    suffix: str = ".mkv"
    """End of the chunk files' names."""

    @classmethod
    def new(
        cls,
        *,
        source: Path,
        identity: str,
        arguments: Mapping[str, str],
        model: str,
        device: str,
        versions: Mapping[str, str],
        chunks: Sequence[Chunk],
        scenes: Sequence[int] = (),
        suffix: str = ".mkv",
    ) -> Self:
        """The manifest of a job that begins; none of its chunks is done."""
        records = tuple(Record(chunk) for chunk in chunks)
        return cls(
            source=str(source),
            identity=identity,
            arguments=dict(arguments),
            model=model,
            device=device,
            versions=dict(versions),
            records=records,
            scenes=tuple(scenes),
            suffix=suffix,
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads one; raises JobError for a file that is missing, damaged, or of another program or version."""
        try:
            data = json.loads(path.read_bytes().decode(errors=_ERRORS))
            schema = _known(data)
        except OSError as exc:
            raise JobError(f"'{path}' could not be read: {exc.strerror or exc}; {_way_out(path)}") from exc
        except ValueError as exc:  # no JSON, no UTF-8, or not ours
            raise JobError(f"'{path}' is damaged or not a job's: {exc}; {_way_out(path)}") from exc
        if schema != SCHEMA:
            raise JobError(
                f"'{path}' is of schema {schema}, this vsanimesr knows schema {SCHEMA}: finish the job with the "
                f"version that began it, or {_way_out(path)}"
            )
        try:
            return cls(**_fields(data))
        except (KeyError, TypeError, ValueError) as exc:
            raise JobError(f"'{path}' is damaged: {exc!r}; {_way_out(path)}") from exc

    def save(self, path: Path) -> None:
        """Writes it, so that it is whole, either old or new, whenever the power fails; raises JobError."""
        data = {"kind": _KIND, "schema": SCHEMA, **asdict(self)}
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        with durable.explained(path):
            files.write(text.encode(errors=_ERRORS), path)
            durable.sync_folder(path.parent)

    def finished(self, chunk: Chunk, sha256: str, nbytes: int) -> Self:
        """The manifest in which that chunk is done; raises JobError for a chunk that it does not have."""
        return self._with(Record(chunk, sha256, nbytes))

    def unfinished(self, chunk: Chunk) -> Self:
        """The manifest in which that chunk is to do (see `verify`); raises JobError for one that it does not have."""
        return self._with(Record(chunk))

    @property
    def chunks(self) -> list[Chunk]:
        """All chunks, in the order of their frames."""
        return [record.chunk for record in self.records]

    @property
    def to_do(self) -> list[Chunk]:
        """The chunks that are not done, in the order of their frames."""
        return [record.chunk for record in self.records if not record.done]

    def file_of(self, folder: Path, chunk: Chunk) -> Path:
        """A chunk's file in the job's folder."""
        return folder / f"{chunk.number:05d}{self.suffix}"

    def differences(self, now: "Manifest") -> list[str]:
        """What differs in `now`, another manifest for the same output, each in a few plain words; [] for the same job.

        Which chunks are done, and under which path the input lies, makes no difference. What else may change pixels in
        their last bits, `drift` tells.
        """
        changed = ["the input changed"] if self.identity != now.identity else []
        changed += _changes(self.arguments, now.arguments)
        changed += ["the model changed"] if self.model != now.model else []
        changed += _changes({"the chunk files' ending": self.suffix}, {"the chunk files' ending": now.suffix})
        if self.chunks != now.chunks:
            changed.append(f"the frames were divided otherwise, {_division(self.chunks)}, now {_division(now.chunks)}")
        return changed

    def drift(self, now: "Manifest") -> list[str]:
        """What differs in `now` of device, versions and engines (if both are known), each in a few plain words."""
        changed = _changes({"the kind of device": self.device}, {"the kind of device": now.device})
        changed += _changes(self.versions, now.versions)
        if self.engines and now.engines and self.engines != now.engines:
            changed.append(f"the engines are {now.engines}, not {self.engines}")
        return changed

    def verify(self, folder: Path) -> list[int]:
        """The numbers of the chunks that are recorded as done and whose files are missing or damaged; reads them all.

        Raises JobError for a file that is there and cannot be read.
        """
        return [
            record.chunk.number
            for record in self.records
            if record.done and not _is_whole(self.file_of(folder, record.chunk), record)
        ]

    def _with(self, new: Record) -> Self:
        if new.chunk not in self.chunks:
            raise JobError(f"{new.chunk} is none of the job's chunks, which are {_division(self.chunks)}")
        return replace(self, records=tuple(new if old.chunk == new.chunk else old for old in self.records))


def _known(data: object) -> int:
    """The schema of a manifest; raises ValueError for what is none."""
    if not isinstance(data, dict) or data.get("kind") != _KIND:
        raise ValueError(f"wanted an object of the kind '{_KIND}'")
    schema = data.get("schema")
    if type(schema) is int:
        return schema
    raise ValueError(f"its schema is {schema!r}, wanted a number")


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    """The arguments of Manifest; raises KeyError, TypeError or ValueError for what cannot be one."""
    names = [item.name for item in fields(Manifest)]
    if unknown := data.keys() - {"kind", "schema", *names}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    read = {name: data[name] for name in names}
    for name in ("arguments", "versions"):
        _want(isinstance(read[name], dict) and all(isinstance(value, str) for value in read[name].values()), name)
    for name in ("source", "identity", "model", "device", "engines", "suffix"):
        _want(isinstance(read[name], str), name)
    _want(re.fullmatch(r"\.\w+", read["suffix"]) is not None, "suffix")
    read["scenes"] = tuple(_scenes(read["scenes"]))
    read["records"] = tuple(_records(read["records"]))
    return read


def _records(data: list[dict[str, Any]]) -> Iterator[Record]:
    records = [_record(**item) for item in data]
    _want(bool(records), "records")
    for before, after in pairwise(record.chunk for record in records):
        _want(before.end == after.first and before.number + 1 == after.number, "records")
    yield from records


def _scenes(data: list[int]) -> list[int]:
    _want(isinstance(data, list) and all(type(frame) is int and frame >= 0 for frame in data), "scenes")
    _want(all(before < after for before, after in pairwise(data)), "scenes")
    return data


def _record(chunk: dict[str, int], sha256: str, nbytes: int) -> Record:
    _want(all(type(number) is int and number >= 0 for number in (*chunk.values(), nbytes)), "records")
    _want(isinstance(sha256, str) and re.fullmatch("([0-9a-f]{64})?", sha256) is not None, "records")
    record = Record(Chunk(**chunk), sha256, nbytes)
    _want(record.chunk.first < record.chunk.end, "records")
    return record


def _want(holds: bool, name: str) -> None:
    if not holds:
        raise ValueError(f"{name} cannot be what stands there")


def _way_out(path: Path) -> str:
    return f"to begin anew, remove the folder '{path.parent}' (or give --overwrite)"


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Every name whose value is another, in words."""
    said = {name: (before.get(name, "not given"), now.get(name, "not given")) for name in [*before, *now]}
    return [f"{name} was {old}, now {new}" for name, (old, new) in said.items() if old != new]


def _division(chunks: Sequence[Chunk]) -> str:
    return f"{len(chunks)} chunks of the frames {chunks[0].first} to {chunks[-1].end - 1}"


def _is_whole(path: Path, record: Record) -> bool:
    try:
        with path.open("rb") as file:
            if path.stat().st_size != record.nbytes:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == record.sha256
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise JobError(f"'{path}' could not be read: {exc.strerror or exc}; see to it, or remove it") from exc
