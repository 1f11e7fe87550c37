"""Post files: found, opened, decompressed, and told apart."""

import gzip
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal, cast

import fsspec
import pyarrow as pa

from murmuration.collect.encoding import known_encoding, marked_encoding
from murmuration.errors import ReadError

Format = Literal["csv", "json", "jsonl", "parquet"]
Promise = Format | Literal["text"]

_FORMATS: dict[str, Promise] = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "text", ".json": "json", ".jsonl": "jsonl",
    ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_PACKED = (".gz", ".zst", ".zstd")
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_SNIFF_BYTES = 1 << 16
_BINARY = re.compile(r"[\x00\x02-\x08\x0e-\x1a\x1c-\x1f]")  # \x01 separates columns of some
_STRAY_CONTROLS = 8  # so many a post may hold; the shortest picture or archive holds more
_ENDS_EARLY = "ends early, so it was cut short on its way here. Copy or download it again"


@dataclass(frozen=True, slots=True)
class PostFile:
    """A file as it lies on disk or on S3.

    Attributes
    ----------
    path
        As the file system names it.
    bytes
        Size as it lies there.
    modified_at
        Modification time in UTC.
    """

    path: str
    bytes: int
    modified_at: datetime
    files: fsspec.AbstractFileSystem

    @property
    def name(self) -> str:
        """Name without its folder."""
        return Path(self.path).name

    def sha256(self) -> str:
        """Hash of the file as it lies there."""
        with self.files.open(self.path, "rb") as file:
            return hashlib.file_digest(cast(Any, file), "sha256").hexdigest()

    @contextmanager
    def open(self) -> Iterator["ByteStream"]:
        """Open the content, decompressed if it was packed.

        Raises
        ------
        ReadError
            If it cannot be read, or a packed file is broken or ends early.
        """
        try:
            with self.files.open(self.path, "rb") as raw:
                yield ByteStream(cast(IO[bytes], raw), self.name)
        except OSError as err:
            raise ReadError(f"{self.path} cannot be read: {err.strerror or err}.") from err


class ByteStream(io.BufferedReader):
    """Decompressed bytes of a file that know how far the file itself was read."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        self._packed = raw
        self._position = 0
        start = raw.read(4)
        raw.seek(0)
        super().__init__(_Unpacked(raw, start, name), buffer_size=1 << 18)

    def position(self) -> int:
        """Bytes of the file, as it lies on disk, that were read; all of them once it is closed."""
        if not self._packed.closed:
            self._position = self._packed.tell()
        return self._position


class _Unpacked(io.RawIOBase):
    """Raw bytes behind gzip or zstd, with their errors in one sentence."""

    def __init__(self, raw: IO[bytes], start: bytes, name: str) -> None:
        self._name = name
        self._zstd = start == _ZSTD
        self._source: IO[bytes] = raw
        if start[:2] == _GZIP:
            self._source = cast(IO[bytes], gzip.GzipFile(fileobj=raw))
        elif self._zstd:
            self._source = cast(
                IO[bytes], pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
            )

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._source.read(len(buffer))
        except EOFError as err:
            raise ReadError(f"{self._name} {_ENDS_EARLY}.") from err
        except (gzip.BadGzipFile, OSError, pa.ArrowException) as err:
            hint = _ENDS_EARLY if "truncated" in str(err).lower() else "is damaged"
            raise ReadError(f"{self._name} {hint} ({err}).") from err
        buffer[: len(data)] = data
        return len(data)


def find_files(paths: Sequence[str]) -> list[PostFile]:
    """Find the post files that paths, folders and patterns stand for.

    Parameters
    ----------
    paths
        Files, folders (searched with all below), patterns such as ``exports/*.csv``; also on S3.

    Returns
    -------
    list of PostFile
        Each once, in order of name within a folder or pattern.

    Raises
    ------
    ReadError
        If a path is not there, or a folder or pattern holds no post file.
    """
    found: dict[str, PostFile] = {}
    for path in paths:
        for file in _find(path):
            found.setdefault(file.path, file)
    return list(found.values())


def _find(path: str) -> list[PostFile]:
    files, place = fsspec.core.url_to_fs(
        str(Path(path).expanduser()) if "://" not in path else path
    )
    if files.isfile(place):
        return [_describe(files, place)]
    if files.isdir(place):
        inside = sorted(name for name in files.find(place) if _is_post_file(name))
        if not inside:
            raise ReadError(
                f"The folder {path} holds no post files (looked for {', '.join(sorted(_FORMATS))}, "
                "also with .gz or .zst)."
            )
        return [_describe(files, name) for name in inside]
    matches = (
        sorted(name for name in files.glob(place) if files.isfile(name))
        if re.search(r"[*?\[]", place)
        else []
    )
    if not matches:
        raise ReadError(f"There is no file or folder {path}. Check the path.")
    return [_describe(files, name) for name in matches]


def _is_post_file(path: str) -> bool:
    name = Path(path).name
    return not name.startswith((".", "_")) and suffix_format(name) is not None


def suffix_format(name: str) -> Promise | None:
    """Give the format that a file's name promises, packed or not; None where it promises none."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return _FORMATS.get(suffixes[-1]) if suffixes else None


def _describe(files: fsspec.AbstractFileSystem, path: str) -> PostFile:
    info = files.info(path)
    modified = info.get("mtime", info.get("LastModified"))
    if isinstance(modified, int | float):
        modified = datetime.fromtimestamp(modified, UTC)
    return PostFile(path, int(info["size"]), modified or files.modified(path), files)


def detect_format(file: PostFile, encoding: str | None = None) -> Format:
    """Find out what a file holds from its first bytes, with its name as a hint.

    Parameters
    ----------
    file
        The file.
    encoding
        Where it is known.

    Raises
    ------
    ReadError
        If it is empty or holds no text.
    """
    with file.open() as stream:
        start = stream.read(_SNIFF_BYTES)
    if start.startswith(_PARQUET):
        return "parquet"
    encoding = encoding or marked_encoding(start) or "utf-8"
    with known_encoding(encoding):
        text = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise ReadError(f"{file.path} is empty.")
    if looks_binary(text):
        raise ReadError(
            f"{file.path} holds no text, though it may be named so: its first bytes are "
            f"{start[:8].hex(' ')}. Give a CSV, JSON, JSONL or Parquet file."
        )
    named = suffix_format(file.name)
    if named == "csv" or (text[0] not in "[{" and named not in ("json", "jsonl")):
        return "csv"
    return "jsonl" if text[0] != "[" and _is_lines(text, named) else "json"


def _is_lines(start: str, named: Promise | None) -> bool:
    """Whether a file has a record on each line; some of them may be broken."""
    lines = [line.rstrip() for line in start.split("\n")]
    begun = [line for line in lines if line.startswith("{")]
    if any(line.endswith("}") and len(line) > 2 for line in begun):
        return True
    # Records that are all broken, or a single one that is broken or longer than the sample.
    return len(begun) > 1 or (
        len(lines) == 1 and (named == "jsonl" or len(start) >= _SNIFF_BYTES // 4)
    )


def looks_binary(start: str) -> bool:
    """Whether the beginning of a file is no text: control characters beyond a few stray ones."""
    return len(_BINARY.findall(start)) > max(_STRAY_CONTROLS, len(start) // 100)
