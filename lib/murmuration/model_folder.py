"""A model as a folder: what is known about it, its weights, and the checksums that hold both together.

::

    model.json            format, digest, facts, and name, size and SHA-256 of every other file
    weights.safetensors   the arrays
    …                     files that a model brings along, such as a tokenizer

Nothing in it is code and nothing of it is run: a folder that holds a pickle, or any file that
``model.json`` does not list, is refused. Equal models give equal folders, byte for byte.

Where something has to be erased from an array for good, the folder keeps the checksum that the array had, under
``erased``. The digest is made of checksums, so it stays, and with it the version that runs are pinned to. The weights are
then another file, ``weights-<8 hex digits>.safetensors``, which is there before ``model.json`` names it.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from murmuration.errors import ModelError

FACTS, WEIGHTS = "model.json", "weights.safetensors"
_WEIGHTS = re.compile(r"weights(-[0-9a-f]{8})?\.safetensors")
FORMAT = 1  # raised when a reader of old folders would go wrong

Arrays = Mapping[str, npt.NDArray[Any]]

_CODE = frozenset({".bin", ".joblib", ".pickle", ".pkl", ".pt", ".pth", ".py", ".pyc", ".so"})
# Texts have no place in safetensors: their UTF-8 bytes and where each ends are kept instead.
_BYTES, _ENDS = ".utf8", ".ends"
_STRINGS = np.dtypes.StringDType()
_FETCH_AGAIN = "Copy the whole folder again from where it came from."
_NO_FILES: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Contents:
    """What a model folder holds.

    Attributes
    ----------
    facts
        As they were written, tuples as lists.
    arrays
        Name to array; texts have numpy's ``StringDType``.
    digest
        SHA-256 over all of it, as hex digits; a version is made from its start.
    files
        Name to path of the files that the model brings along.
    """

    facts: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]]
    digest: str
    files: Mapping[str, Path]


def write_folder(
    folder: Path, facts: Mapping[str, Any], arrays: Arrays, files: Mapping[str, Path] = _NO_FILES
) -> str:
    """Write a model folder, all or nothing.

    Parameters
    ----------
    folder
        Where it goes; not there yet, or empty, or this very model.
    facts
        What JSON can hold, numbers finite: those of the model's card, and what its kind adds.
    arrays
        Name to array of numbers, bools or (one-dimensional) texts; never of objects.
    files
        Name in the folder (``/`` between parts) to the file that is copied there.

    Returns
    -------
    str
        The digest, as `digest_contents` gives it.

    Raises
    ------
    ModelError
        If something cannot be kept without a pickle, or another model is there.
    """
    digest = digest_contents(facts, arrays, files)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        return _check_same(folder, digest)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _fill(fresh, digest, facts, arrays, files)
        fresh.chmod(0o755)  # mkdtemp keeps everybody else out
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return digest


def read_folder(folder: Path) -> Contents:
    """Read a model folder after checking every file of it.

    Raises
    ------
    ModelError
        If it is no model folder, or a file is missing, cut off, altered, unknown or of a newer
        format; says which and how to mend it.
    """
    listing = read_listing(folder)
    files: dict[str, Any] = listing["files"]
    _check_names(folder, files)
    for name, listed in files.items():
        _check_file(folder, name, listed)
    weights = find_weights(files)
    plain = _read_weights(folder / weights)
    others = {name: listed["sha256"] for name, listed in files.items() if name != weights}
    if _digest(listing["facts"], plain, others, listing.get("erased", {})) != listing["digest"]:
        raise _altered(folder, FACTS)
    paths = {name: folder / name for name in others}
    return Contents(listing["facts"], _unpack(plain), listing["digest"], paths)


def write_erased(folder: Path, fresh: Path, arrays: Arrays) -> str:
    """Write what a model folder is to hold instead when arrays of numbers have lost something, for good.

    Parameters
    ----------
    folder
        A model folder; stays as it is.
    fresh
        An empty folder that the weights and ``model.json`` are written to. Put the weights beside the old ones, then
        replace ``model.json``, then remove the old weights.
    arrays
        What is left of some arrays.

    Returns
    -------
    str
        The name of the weights.
    """
    listing = read_listing(folder)
    read_folder(folder)  # nothing is vouched for that was not whole
    old = find_weights(listing["files"])
    plain = _read_weights(folder / old)
    erased = {name: _tell(plain[name]) for name in arrays} | listing.get("erased", {})
    scratch = fresh / WEIGHTS
    safetensors.numpy.save_file(plain | _pack(arrays), scratch)
    sha = _hash_file(scratch)
    name = f"weights-{sha[:8]}.safetensors"
    listed = {"bytes": scratch.stat().st_size, "sha256": sha}
    scratch.rename(fresh / name)
    files = {name: listed} | {one: had for one, had in listing["files"].items() if one != old}
    changed = listing | {"files": files, "erased": erased}
    (fresh / FACTS).write_text(_dump(changed, indent=1) + "\n", encoding="utf-8")
    _settle(fresh, [name])
    return name


def find_weights(names: Iterable[str]) -> str:
    """Give the name of the file with the arrays, of those that ``model.json`` lists."""
    return next(name for name in names if _WEIGHTS.fullmatch(name))


def is_weights(name: str) -> bool:
    """Say whether a file of a folder may be one with arrays."""
    return bool(_WEIGHTS.fullmatch(name))


def _read_weights(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        plain: dict[str, npt.NDArray[Any]] = safetensors.numpy.load_file(path)
        _unpack(plain)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as err:
        raise ModelError(f"{path} cannot be read: {err}. {_FETCH_AGAIN}") from err
    return plain


def read_listing(folder: Path) -> dict[str, Any]:
    """Read ``model.json`` alone: `facts`, `digest` and `files`, none of them checked against the files.

    Raises
    ------
    ModelError
        If it is missing, damaged or of a newer format.
    """
    path = folder / FACTS
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as err:
        raise ModelError(
            f"{folder} is no model folder: it has no {FACTS}. Name the folder that a model was saved to."
        ) from err
    except OSError as err:
        raise ModelError(f"{path} cannot be read: {err.strerror}.") from err
    return parse_listing(text, place=str(folder))


def parse_listing(text: bytes, *, place: str) -> dict[str, Any]:
    """Read the bytes of a ``model.json``, wherever they came from; see `read_listing`."""
    try:
        listing = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise ModelError(f"{place}/{FACTS} is damaged: {err}. {_FETCH_AGAIN}") from err
    if not isinstance(listing, dict) or not isinstance(listing.get("format"), int):
        raise ModelError(f"{place}/{FACTS} is no description of a model. {_FETCH_AGAIN}")
    if listing["format"] > FORMAT:
        raise ModelError(
            f"{place} has model format {listing['format']}, which a newer Murmuration wrote; this one "
            f"reads up to {FORMAT}. Update murmuration, or train the model again with this one."
        )
    if not _is_listing(listing):
        raise ModelError(f"{place}/{FACTS} is damaged: parts of it are missing. {_FETCH_AGAIN}")
    return listing


def digest_contents(
    facts: Mapping[str, Any], arrays: Arrays, files: Mapping[str, Path] = _NO_FILES
) -> str:
    """Give the digest that a folder with these contents has, without writing one."""
    hashes = {name: _hash_file(path) for name, path in files.items()}
    return _digest(facts, _pack(arrays), hashes)


def _digest(
    facts: Mapping[str, Any],
    plain: Arrays,
    files: Mapping[str, str],
    erased: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    arrays = {name: erased.get(name) or _tell(array) for name, array in plain.items()}
    whole = _dump({"facts": facts, "arrays": arrays, "files": files})
    return hashlib.sha256(whole.encode()).hexdigest()


def _tell(array: npt.NDArray[Any]) -> list[Any]:
    return [array.dtype.str, list(array.shape), hashlib.sha256(array.data).hexdigest()]


def _dump(value: object, indent: int | None = None) -> str:
    try:
        return json.dumps(value, sort_keys=True, indent=indent, allow_nan=False)
    except (TypeError, ValueError) as err:
        raise ModelError(
            f"What is known about the model cannot be written as JSON: {err}. Use text, finite numbers, "
            "lists and dictionaries."
        ) from err


def _pack(arrays: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Give arrays that safetensors can hold, by name in order."""
    plain: dict[str, npt.NDArray[Any]] = {}
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        if array.dtype.kind in "UT" and array.ndim == 1:
            texts = [text.encode() for text in array.tolist()]
            plain[name + _BYTES] = np.frombuffer(b"".join(texts), np.uint8)
            plain[name + _ENDS] = np.cumsum([len(text) for text in texts], dtype=np.int64)
        elif array.dtype.kind in "biuf":
            little = array.dtype.newbyteorder("<")
            plain[name] = np.array(array, little, order="C", copy=None)
        else:
            raise ModelError(
                f"The array {name!r} has type {array.dtype} and shape {array.shape}, but a model folder "
                "holds numbers, bools and lists of texts. Convert it first, for example with "
                "np.array(list(terms), dtype=str)."
            )
    return plain


def _unpack(plain: Arrays) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, array in plain.items():
        if name.endswith(_ENDS) and (stem := name.removesuffix(_ENDS)) + _BYTES in plain:
            whole, starts = plain[stem + _BYTES].tobytes(), [0, *array.tolist()]
            texts = [whole[start:end].decode() for start, end in zip(starts, array, strict=False)]
            arrays[stem] = np.array(texts, dtype=_STRINGS)
        elif not (name.endswith(_BYTES) and name.removesuffix(_BYTES) + _ENDS in plain):
            arrays[name] = array
    return arrays


def _fill(
    folder: Path,
    digest: str,
    facts: Mapping[str, Any],
    arrays: Arrays,
    files: Mapping[str, Path],
) -> None:
    safetensors.numpy.save_file(_pack(arrays), folder / WEIGHTS)
    for name, path in files.items():
        if (folder / name).exists() or name == FACTS or not _is_inside(name):
            raise ModelError(f"A model folder cannot keep a file under the name {name!r}.")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    listed = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": _hash_file(folder / name)}
        for name in (WEIGHTS, *files)
    }
    listing = {"format": FORMAT, "digest": digest, "facts": facts, "files": listed}
    (folder / FACTS).write_text(_dump(listing, indent=1) + "\n", encoding="utf-8")
    _settle(folder, listed)


def _settle(folder: Path, names: Iterable[str]) -> None:
    for name in (FACTS, *names):
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return "\\" not in name and not {"", ".", ".."} & set(parts)


def _check_same(folder: Path, digest: str) -> str:
    if read_folder(folder).digest != digest:
        raise ModelError(
            f"There is another model in {folder} already. Choose another folder, or remove that one."
        )
    return digest


def _is_listing(listing: Mapping[str, Any]) -> bool:
    facts, files = listing.get("facts"), listing.get("files")
    return (
        isinstance(facts, dict)
        and isinstance(files, dict)
        and isinstance(listing.get("digest"), str)
        and any(_WEIGHTS.fullmatch(name) for name in files)
        and all(
            _is_inside(name) and isinstance(listed, dict) and {"bytes", "sha256"} <= set(listed)
            for name, listed in files.items()
        )
    )


def _check_names(folder: Path, files: Mapping[str, Any]) -> None:
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    } - {FACTS}
    for name in sorted(there - set(files)):
        if is_weights(name):  # erased from, on their way in or out
            continue
        what = (
            "may hold code, which a model must not"
            if Path(name).suffix.lower() in _CODE
            else f"is not listed in {FACTS}"
        )
        raise ModelError(
            f"{folder} holds a file {name!r}, which {what}. Remove it, or get the model elsewhere."
        )
    for name in sorted(set(files) - there):
        raise ModelError(f"{folder / name} is missing. {_FETCH_AGAIN}")


def _check_file(folder: Path, name: str, listed: Mapping[str, Any]) -> None:
    path = folder / name
    if Path(name).suffix.lower() in _CODE:
        raise ModelError(f"{path} may hold code, which a model must not. Get the model elsewhere.")
    if path.stat().st_size < listed["bytes"]:
        raise ModelError(
            f"{path} was cut off: it has {path.stat().st_size} of {listed['bytes']} bytes. {_FETCH_AGAIN}"
        )
    if _hash_file(path) != listed["sha256"]:
        raise _altered(folder, name)


def _altered(folder: Path, name: str) -> ModelError:
    return ModelError(
        f"{folder / name} was altered after the model was saved: its checksum is another. {_FETCH_AGAIN}"
    )


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
