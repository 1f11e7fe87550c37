"""Names ↔ models that are kept in the store, on a folder or on S3, and which of them is current.

::

    models/<name>/<8 hex digits>/   a version: a model folder, never changed once it is there
    models/<name>/newest.json       the version that was saved last
    models/current-<language>.json  the version that scores this language

A version is there when its ``model.json`` is, which is written last; a pointer is one small file that is
replaced as a whole. So whatever is killed in between, each name leads to a whole model, the old or the new one.
"""

import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from murmuration.audience.params import KIND as SEGMENTS
from murmuration.errors import ModelError, ParamError, UnknownNameError, suggest
from murmuration.model_folder import (
    FACTS,
    Arrays,
    find_weights,
    is_weights,
    parse_listing,
    read_folder,
    read_listing,
    write_erased,
    write_folder,
)
from murmuration.sentiment.model import Model, ModelCard, card_facts, model_version, read_card
from murmuration.settings import get_settings
from murmuration.store.delta import Store, open_store, translated
from murmuration.topics.params import KIND as TOPICS

if TYPE_CHECKING:
    from murmuration.audience.segments import SegmentModel
    from murmuration.topics.model import TopicModel

log = logging.getLogger(__name__)

_FOLDER, _NEWEST, _CURRENT = "models", "newest.json", "current-{}.json"
_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_NO_NAME, _NAME_CHARS = re.compile(r"[^a-z0-9_-]+"), 64
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_VERSION = re.compile(rf"([a-z0-9_-]{{1,64}})/([0-9a-f]{{8}})/{re.escape(FACTS)}")
_POINTER = re.compile(_CURRENT.format(r"([a-z]{2,3})").replace(".", r"\."))
_DIGITS = 8  # of the digest, in a version


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A version of a model in the store.

    Attributes
    ----------
    card
        What is known about it.
    version
        As it is written beside every score.
    digest
        SHA-256 over all that the folder holds.
    current_for
        Languages that it is the current model of.
    """

    card: ModelCard
    version: str
    digest: str
    current_for: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """What `load` knows it by: ``name@xxxxxxxx``."""
        return f"{self.card.name}@{self.digest[:_DIGITS]}"


def name_model(given: str, kind: str, source: str, brand: str) -> str:
    """Give the name that a report keeps a model under: the one that was given, or one made of what it is about.

    Parameters
    ----------
    given
        Nothing, or ``none`` where nothing is kept, for one that is made.
    kind
        What it holds, such as ``topics``.
    source, brand
        Which posts; nothing for all.
    """
    if given and given != "none":
        return given
    parts = [kind, *(part for part in (source, brand) if part)]
    return _NO_NAME.sub("_", "-".join(parts).lower())[:_NAME_CHARS]


def load(name_or_folder: str | Path, *, store: Store | None = None) -> Any:
    """Load a model; no code that lies with it is run.

    Parameters
    ----------
    name_or_folder
        A name (its newest version), ``name@xxxxxxxx``, the version that stands beside scores, or a model
        folder of this machine.
    store
        That of this workspace unless given.

    Returns
    -------
    Model, TopicModel or SegmentModel
        Every file of it checked.

    Raises
    ------
    UnknownNameError
        If the store has no such model; says the nearest name.
    ModelError
        If the folder is damaged, altered, of a newer format, or holds what a model must not.
    """
    if folder := _as_folder(name_or_folder):
        return _open_folder(folder)
    store = store or open_store()
    return _load_version(store, *_resolve(store, str(name_or_folder)))


def _as_folder(name_or_folder: str | Path) -> Path | None:
    text = str(name_or_folder)
    if isinstance(name_or_folder, Path) or "/" in text or os.sep in text:
        return Path(text).expanduser()
    return None


def _where(address: str, store: Store | None) -> str:
    return (
        "This machine" if _as_folder(address) else f"The store {(store or open_store()).location}"
    )


def pin_model(name_or_folder: str, *, store: Store | None = None) -> dict[str, str]:
    """Give what a name means now, for `load_exactly`: `model`, the address or folder; `version`; `digest`.

    Raises
    ------
    UnknownNameError, ModelError
        As `load` does.
    """
    if folder := _as_folder(name_or_folder):
        saved, address = _describe(read_listing(folder), str(folder)), str(folder)
    else:
        store = store or open_store()
        saved = _look_up(store, *_resolve(store, name_or_folder))
        address = saved.address
    return {"model": address, "version": saved.version, "digest": saved.digest}


def save(
    model: "Model | TopicModel | SegmentModel",
    name: str | None = None,
    *,
    make_current: bool = False,
    make_newest: bool = True,
    store: Store | None = None,
) -> SavedModel:
    """Keep a model in the store, beside its older versions.

    Parameters
    ----------
    model
        A trained model.
    name
        What it is called from now on; its own name unless given.
    make_current
        Whether it scores its languages from now on.
    make_newest
        Whether its name alone means it from now on; else it is found by its version only.
    store
        That of this workspace unless given.

    Returns
    -------
    SavedModel
        Saving the same model again gives the same version.
    """
    store = store or open_store()
    if not _NAME.fullmatch(name or model.card.name):
        raise ParamError(
            f"A model cannot be called {name or model.card.name!r}: a name has 1 to 64 of a-z, 0-9, _ and -."
        )
    if (name or model.card.name).startswith("vader"):
        raise ParamError(
            f"A model cannot be called {name or model.card.name!r}: names that begin with 'vader' stand for VADER "
            "beside scores. Give it another name."
        )
    with translated(store.location), _scratch(store) as scratch:
        folder = scratch / "model"
        model.save(folder)
        if name:
            folder = _rename(folder, scratch / "renamed", name)
        saved = _describe(read_listing(folder), str(folder))
        _put(store, folder, saved)
        if make_newest:
            _write_pointer(store, f"{saved.card.name}/{_NEWEST}", saved)
    log.info("saved %s in %s", saved.version, store.location)
    return use_model(saved.address, store=store) if make_current else saved


def set_newest(address: str, *, store: Store | None = None) -> SavedModel:
    """Let the name of a saved model mean this version of it from now on."""
    store = store or open_store()
    saved = _look_up(store, *_resolve(store, address))
    with translated(store.location):
        _write_pointer(store, f"{saved.card.name}/{_NEWEST}", saved)
    return saved


def list_models(*, store: Store | None = None) -> list[SavedModel]:
    """Give every version of every model in the store, by name and version; what cannot be read is logged."""
    store = store or open_store()
    with translated(store.location):
        files = _find_files(store)
        current = _read_current(store, files)
        places = [f"{name}/{digits}" for name, digits in _find_versions(files)]
        texts = [_read(store, f"{place}/{FACTS}") for place in places]
    found = []
    for place, text in zip(places, texts, strict=True):
        try:
            saved = _describe(parse_listing(text or b"", place=place), place)
        except ModelError as err:
            log.warning("left out a model: %s", err)
            continue
        used = (language for language, address in current.items() if address == saved.address)
        found.append(replace(saved, current_for=tuple(sorted(used))))
    return found


def set_current(language: str, name: str | None, *, store: Store | None = None) -> None:
    """Choose the model that scores a language.

    Parameters
    ----------
    language
        Its code, such as ``de``.
    name
        A name (its newest version), ``name@xxxxxxxx`` or a version; None for no model, which leaves English
        to VADER and others unscored.
    store
        That of this workspace unless given.

    Raises
    ------
    UnknownNameError
        If there is no such model.
    ParamError
        If the model was not trained for the language.
    """
    store = store or open_store()
    if not _LANGUAGE.fullmatch(language):
        raise ParamError(f"{language!r} is no code of a language. Give two letters, such as 'en'.")
    pointer = _CURRENT.format(language)
    if name is None:
        with translated(store.location), suppress(FileNotFoundError):
            store.files.rm_file(_place(store, pointer))
        return
    saved = _look_up(store, *_resolve(store, name))
    if saved.card.kind in (TOPICS, SEGMENTS):
        raise ParamError(
            f"The model {saved.address} finds {saved.card.kind}, so it cannot score a language. Name a model of sentiment."
        )
    if language not in saved.card.languages:
        raise ParamError(
            f"The model {saved.address} was trained for {', '.join(saved.card.languages)}, not for {language!r}."
        )
    with translated(store.location):
        _write_pointer(store, pointer, saved)


def use_vader(*, store: Store | None = None) -> None:
    """Leave English to VADER and the other languages unscored again."""
    store = store or open_store()
    for language in current_models(store=store):
        set_current(language, None, store=store)


def use_model(name: str, *, store: Store | None = None) -> SavedModel:
    """Make a model the current one of every language that it was trained for; see `set_current`."""
    store = store or open_store()
    saved = _look_up(store, *_resolve(store, name))
    for language in saved.card.languages:
        set_current(language, saved.address, store=store)
    return replace(saved, current_for=saved.card.languages)


def current_models(*, store: Store | None = None) -> dict[str, SavedModel]:
    """Give the current model of each language that has one.

    Raises
    ------
    UnknownNameError
        If a current model is not in the store any more.
    """
    store = store or open_store()
    with translated(store.location):
        addresses = _read_current(store, _find_files(store))
    found = {}
    for language, address in addresses.items():
        saved = _look_up(store, *_resolve(store, address))
        found[language] = replace(saved, current_for=(language,))
    return found


def newest_models(kind: str, *, store: Store | None = None) -> dict[str, SavedModel]:
    """Give the version that was saved last of each model of a kind, by name."""
    store = store or open_store()
    names = {saved.card.name for saved in list_models(store=store) if saved.card.kind == kind}
    found = {name: find_newest(name, store=store) for name in sorted(names)}
    return {name: saved for name, saved in found.items() if saved is not None}


def find_newest(name: str, *, store: Store | None = None) -> SavedModel | None:
    """Give the version that a name means; None if it means none."""
    store = store or open_store()
    with translated(store.location):
        address = _read_pointer(store, f"{name}/{_NEWEST}")
    return _look_up(store, *_resolve(store, address)) if address else None


def erase_from(
    address: str, choose: Callable[[Arrays], Arrays | None], *, store: Store | None = None
) -> bool:
    """Erase something from arrays of a saved model for good; its version and its digest stay.

    Parameters
    ----------
    address
        ``name@xxxxxxxx``.
    choose
        Takes all arrays, and gives what is left of those that lose something; None where nothing is to go.
    store
        That of this workspace unless given.

    Returns
    -------
    bool
        Whether something went. Whatever is killed in between, readers find a whole model; doing it again goes on.
    """
    store = store or open_store()
    name, digits = _resolve(store, address)
    place = f"{name}/{digits}"
    with translated(store.location), _scratch(store) as scratch:
        folder = Path(_place(store, place))
        if store.on_s3:
            folder = scratch / "old"
            _fetch(store, place, folder)
        left = choose(read_folder(folder).arrays)
        if left is not None:
            fresh = scratch / "fresh"
            fresh.mkdir()
            weights = write_erased(folder, fresh, left)
            for file in (weights, FACTS):
                _replace(store, fresh / file, f"{place}/{file}")
            if store.on_s3:
                shutil.rmtree(_kept_copy(name, digits), ignore_errors=True)
        _remove_old_weights(store, place)
    return left is not None


def _replace(store: Store, file: Path, path: str) -> None:
    if store.on_s3:
        store.files.put_file(str(file), _place(store, path))
    else:
        file.replace(_place(store, path))


def _remove_old_weights(store: Store, place: str) -> None:
    listing = parse_listing(_read(store, f"{place}/{FACTS}") or b"", place=place)
    used = find_weights(listing["files"])
    for path in store.files.find(_place(store, place)):
        name = path.rpartition("/")[2]
        if is_weights(name) and name != used:
            store.files.rm_file(path)


def read_facts(address: str, *, store: Store | None = None) -> dict[str, Any]:
    """Give what the folder of a saved model says of it, without its arrays."""
    store = store or open_store()
    name, digits = _resolve(store, address)
    place = f"{name}/{digits}"
    with translated(store.location):
        return dict(parse_listing(_read(store, f"{place}/{FACTS}") or b"", place=place)["facts"])


def describe_earlier(model: Any, what: str) -> str:
    """Say in a sentence which topics or segments (`what`) went before, whose ids go on; None for none."""
    if model is None:
        return f"No {what} of posts that ended before these were kept under this name, so ids begin anew."
    if not model.until:
        return f"Ids go on from {model.version}, found in posts of a period that was not kept."
    ends = (datetime.fromisoformat(one) for one in (model.since, model.until))
    since, until = (f"{one:%Y-%m-%d %H:%M}" for one in ends)
    return f"Ids go on from {model.version}, found in posts from {since} to {until} UTC."


def current(language: str, *, store: Store | None = None) -> SavedModel | None:
    """Give the current model of a language; None if it has none."""
    return current_models(store=store).get(language)


def load_exactly(address: str, digest: str, *, store: Store | None = None) -> Any:
    """Load the model that a run was pinned to.

    Raises
    ------
    UnknownNameError
        If it is not in the store any more.
    ModelError
        If what is there now is another model; also see `load`.
    """
    found = pin_model(address, store=store)["digest"]
    if found != digest:
        raise ModelError(
            f"{_where(address, store)} holds another model as {address} now: its digest starts with {found[:16]}, not {digest[:16]}. "
            "Put the pinned one back, or run the report anew."
        )
    return load(address, store=store)


def _load_linear(folder: Path) -> Model:
    from murmuration.sentiment.embedding import check_embedding
    from murmuration.sentiment.linear import LinearModel

    model = LinearModel.load(folder)
    params = model.card.params
    if params.get("embedding") and "embedding_digest" in params:
        check_embedding(str(params["embedding"]), str(params["embedding_digest"]))
    return model


def _load_transformer(folder: Path) -> Model:
    from murmuration.compute import choose_device
    from murmuration.sentiment.transformer import TransformerModel

    return TransformerModel.load(folder, device=choose_device(get_settings().backend).device)


def _load_topics(folder: Path) -> "TopicModel":
    from murmuration.topics.model import TopicModel

    return TopicModel.load(folder)


def _load_segments(folder: Path) -> "SegmentModel":
    from murmuration.audience.segments import SegmentModel

    return SegmentModel.load(folder)


_LOADERS: dict[str, Callable[[Path], Any]] = {
    "linear": _load_linear, "transformer": _load_transformer, TOPICS: _load_topics, SEGMENTS: _load_segments,
}  # fmt: skip


def _open_folder(folder: Path) -> Any:
    kind = _describe(read_listing(folder), str(folder)).card.kind
    if kind not in _LOADERS:
        raise ModelError(
            f"The model in {folder} is of a kind {kind!r}, which this Murmuration cannot read."
            f"{suggest(kind, _LOADERS)} Update murmuration, or train the model again."
        )
    return _LOADERS[kind](folder)


def _load_version(store: Store, name: str, digits: str) -> Any:
    if not store.on_s3:
        return _open_folder(Path(_place(store, f"{name}/{digits}")))
    kept = _kept_copy(name, digits)
    if kept.exists():
        try:
            if (kept / FACTS).read_bytes() != _read(store, f"{name}/{digits}/{FACTS}"):
                raise ModelError("something of it was erased")
            return _open_folder(kept)
        except (ModelError, FileNotFoundError) as err:
            log.warning("fetching %s@%s again: %s", name, digits, err)
            shutil.rmtree(kept)
    with translated(store.location):
        _fetch(store, f"{name}/{digits}", kept)
    return _open_folder(kept)


def _kept_copy(name: str, digits: str) -> Path:
    return get_settings().state / _FOLDER / name / digits


def _fetch(store: Store, place: str, folder: Path) -> None:
    """Copy the files that a model on S3 lists, all or nothing."""
    listing = parse_listing(_read(store, f"{place}/{FACTS}") or b"", place=place)
    with _scratch(store) as scratch:
        fresh = scratch / "model"
        for name in (FACTS, *listing["files"]):
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            store.files.get_file(_place(store, f"{place}/{name}"), str(fresh / name))
        folder.parent.mkdir(parents=True, exist_ok=True)
        _move(fresh, folder)


@contextmanager
def _scratch(store: Store) -> Iterator[Path]:
    """Give a temporary folder on the disk where a model is to be moved into place."""
    on_disk = get_settings().state / _FOLDER if store.on_s3 else Path(_place(store, ""))
    on_disk.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=on_disk, prefix=".", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _rename(folder: Path, renamed: Path, name: str) -> Path:
    contents = read_folder(folder)
    card = replace(_describe(read_listing(folder), str(folder)).card, name=name)
    write_folder(renamed, contents.facts | card_facts(card), contents.arrays, contents.files)
    return renamed


def _put(store: Store, folder: Path, saved: SavedModel) -> None:
    """Put a model folder into its place, unless it is there already."""
    place = f"{saved.card.name}/{saved.digest[:_DIGITS]}"
    if there := _read(store, f"{place}/{FACTS}"):
        if parse_listing(there, place=place)["digest"] != saved.digest:
            raise ModelError(
                f"Another model has the version {saved.version}. Give this one another name."
            )
        return
    if store.on_s3:
        files = read_listing(folder)["files"]
        for name in (*files, FACTS):  # last what makes it a model
            store.files.put_file(str(folder / name), _place(store, f"{place}/{name}"))
        return
    target = Path(_place(store, place))
    target.parent.mkdir(exist_ok=True)
    _move(folder, target)


def _move(fresh: Path, folder: Path) -> None:
    try:
        fresh.chmod(0o755)
        fresh.rename(folder)
    except OSError:
        if not (folder / FACTS).exists():  # of two that race, the first one stays
            raise


def _place(store: Store, path: str) -> str:
    return f"{store.uri(_FOLDER)}/{path}".rstrip("/")


def _read(store: Store, path: str) -> bytes | None:
    try:
        content: bytes = store.files.cat_file(_place(store, path))
    except FileNotFoundError:
        return None
    return content


def _write_pointer(store: Store, path: str, saved: SavedModel) -> None:
    content = json.dumps({"model": saved.address}).encode() + b"\n"
    place = _place(store, path)
    if store.on_s3:
        store.files.pipe_file(place, content)
        return
    fresh = Path(f"{place}.{secrets.token_hex(4)}")
    fresh.write_bytes(content)
    fresh.replace(place)


def _read_pointer(store: Store, path: str) -> str | None:
    content = _read(store, path)
    if content is None:
        return None
    try:
        return str(json.loads(content)["model"])
    except (ValueError, TypeError, KeyError) as err:
        raise ModelError(
            f"{_place(store, path)} is damaged. Remove it, and choose the model again."
        ) from err


def _find_files(store: Store) -> list[str]:
    """Give the paths of all files below ``models``."""
    root = _place(store, "").removeprefix("s3://")
    return sorted(path.removeprefix(f"{root}/") for path in store.files.find(_place(store, "")))


def _find_versions(files: Iterable[str]) -> list[tuple[str, str]]:
    found = (_VERSION.fullmatch(path) for path in files)
    return [(match[1], match[2]) for match in found if match]


def _read_current(store: Store, files: Iterable[str]) -> dict[str, str]:
    """Give the address of each language's current model."""
    pointers = {match[1]: path for path in files if (match := _POINTER.fullmatch(path))}
    found = {language: _read_pointer(store, path) for language, path in pointers.items()}
    return {language: address for language, address in found.items() if address}


def _resolve(store: Store, text: str) -> tuple[str, str]:
    """Give the name and the digits of the version that somebody means."""
    with translated(store.location):
        versions = _find_versions(_find_files(store))
        names = {name for name, _ in versions}
        if text in names:
            newest = _read_pointer(store, f"{text}/{_NEWEST}")
            if newest:
                return text, newest.partition("@")[2]
    for name, digits in versions:
        if text in (f"{name}@{digits}", f"{name}-{digits}"):
            return name, digits
    exact = "@" in text or text in names  # a name that means no version yet
    known = {f"{name}@{digits}" for name, digits in versions} if exact else names
    raise UnknownNameError(
        f"The store {store.location} has no model called {text!r}.{suggest(text, known)}"
    )


def _look_up(store: Store, name: str, digits: str) -> SavedModel:
    place = f"{name}/{digits}"
    with translated(store.location):
        return _describe(parse_listing(_read(store, f"{place}/{FACTS}") or b"", place=place), place)


def _describe(listing: Mapping[str, Any], place: str) -> SavedModel:
    try:
        card = read_card(listing["facts"])
    except ModelError as err:
        raise ModelError(f"{place}: {err}") from err
    return SavedModel(card, model_version(card, listing["digest"]), listing["digest"])
