"""A folder of wheels in parts that a narrow link takes, and back: needs nothing but Python's own library.

All files go into one archive, compressed by xz, whose bytes are cut into parts. Large wheels go into it with their
content stored instead of deflated, as xz makes more of that: the joined wheel then differs, what it installs does not.
"""

import argparse
import hashlib
import json
import lzma
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

LARGE = 32 << 20
"""Bytes from which a wheel's content is stored anew."""
MANIFEST, PIECE = "manifest.json", "piece.tar.xz"
"""The files of a part."""
RESERVE = 64 << 10
"""Bytes of a part that are left for its manifest."""
CHUNK = 1 << 20


class BadParts(Exception):
    """Parts that are not whole, or not all of them; or a folder that will not do."""


def files(folder: Path) -> list[Path]:
    """Every file below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in files(folder))


def split(folder: Path, limit: int, say: Callable[[str], None]) -> list[Path]:
    """Cut a folder into FOLDER.part1, FOLDER.part2, ... of at most `limit` bytes each; returns them.

    Raises BadParts if the limit is too small or a part is there already.
    """
    if limit <= RESERVE:
        raise BadParts(f"parts of {limit} bytes are too small, wanted more than {RESERVE}")
    with tempfile.TemporaryDirectory(prefix="animesr-parts-") as scratch:
        say("compressing; some minutes for each 200 MB")
        archive, hashes = Path(scratch, PIECE), _stored(folder, Path(scratch, "stored"))
        with lzma.open(archive, "wb", preset=9 | lzma.PRESET_EXTREME) as packed:
            _pack(Path(scratch, "stored"), packed)
        return _cut(archive, folder, limit - RESERVE, hashes)


def join(parts: Sequence[Path], output: Path) -> None:
    """Put all parts of a folder together in `output`; raises BadParts if any byte differs from what was split."""
    manifests = sorted((_manifest(part) for part in parts), key=lambda manifest: int(manifest["part"]))
    wanted = list(range(1, manifests[0]["of"] + 1))
    if [manifest["part"] for manifest in manifests] != wanted or len({m["archive"] for m in manifests}) != 1:
        found = ", ".join(f"{m['part']} of {m['of']}" for m in manifests)
        raise BadParts(f"these are the parts {found}; wanted are all of one folder, each once")
    if output.exists() and files(output):
        raise BadParts(f"{output} is not empty; name a new folder")
    with tempfile.TemporaryFile() as archive:
        for manifest in manifests:
            _append(manifest, archive)
        archive.seek(0)
        with lzma.open(archive) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            tar.extractall(output, filter="data")
    _check(output, manifests[0]["files"])


def _stored(folder: Path, target: Path) -> dict[str, str]:
    """Copy a folder, large wheels with their content stored; returns the hash of each copy by its name."""
    for path in files(folder):
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".whl" and path.stat().st_size >= LARGE:
            _store(path, copy)
        else:
            shutil.copyfile(path, copy)
    return {path.relative_to(target).as_posix(): _hash(path) for path in files(target)}


def _store(wheel: Path, copy: Path) -> None:
    """Write a wheel again without compressing what is in it; names, order, times and modes stay."""
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            plain = zipfile.ZipInfo(entry.filename, entry.date_time)
            plain.external_attr = entry.external_attr
            target.writestr(plain, source.read(entry))


def _pack(folder: Path, packed: lzma.LZMAFile) -> None:
    with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for path in files(folder):
            tar.add(path, path.relative_to(folder).as_posix())


def _cut(archive: Path, folder: Path, limit: int, hashes: dict[str, str]) -> list[Path]:
    count, whole, made = -(-archive.stat().st_size // limit), _hash(archive), []
    with archive.open("rb") as source:
        for number in range(1, count + 1):
            part = folder.with_name(f"{folder.name}.part{number}")
            if part.exists():
                raise BadParts(f"{part} is there already; remove it or name another folder")
            part.mkdir()
            _copy(source, part / PIECE, limit)
            about = {"part": number, "of": count, "archive": whole, "piece": _hash(part / PIECE), "files": hashes}
            (part / MANIFEST).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
            made.append(part)
    return made


def _copy(source: IO[bytes], target: Path, most: int) -> None:
    with target.open("wb") as file:
        while most > 0 and (data := source.read(min(CHUNK, most))):
            file.write(data)
            most -= len(data)


def _manifest(part: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((part / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadParts(f"{part} is no part: its {MANIFEST} cannot be read: {error}") from error
    return manifest | {"folder": part}


def _append(manifest: dict[str, Any], archive: IO[bytes]) -> None:
    piece = manifest["folder"] / PIECE
    if not piece.exists() or _hash(piece) != manifest["piece"]:
        raise BadParts(f"{piece} is missing or not as it was split; copy that part again")
    with piece.open("rb") as source:
        shutil.copyfileobj(source, archive, CHUNK)


def _check(folder: Path, hashes: dict[str, str]) -> None:
    found = {path.relative_to(folder).as_posix(): _hash(path) for path in files(folder)}
    if found != hashes:
        wrong = sorted(name for name in found.keys() | hashes.keys() if found.get(name) != hashes.get(name))
        raise BadParts(f"{', '.join(wrong)} differ from what was split; copy the parts again")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(words: Sequence[str]) -> int:
    """The command `join`; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu join", description="Put parts together again.")
    parser.add_argument("parts", nargs="+", type=Path, metavar="FOLDER", help="all of them, in any order")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="new or empty")
    options = parser.parse_args(words)
    try:
        join(options.parts, options.output)
    except BadParts as error:
        print(f"benchmarks.gpu: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: {size(options.output) / (1 << 20):.1f} MiB, every hash as it was")
    return 0
