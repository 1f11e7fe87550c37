"""What people said of posts: entries are only ever added, the newest of each labeller and post holds.

One entry is one commit, so a kill loses nothing that a labeller saw go through, and two labellers never wait
for each other. `compact` makes one file of many.
"""

import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.errors import ParamError, suggest
from murmuration.schema import LABELS as TABLE
from murmuration.schema import check_columns
from murmuration.sentiment.model import LABELS
from murmuration.store.delta import AsOf, Store, open_store
from murmuration.store.forget import erase_labels
from murmuration.store.moments import State
from murmuration.store.posts import load_posts
from murmuration.store.tombstones import Tombstones

Action = Literal["label", "skip", "undo"]
Drawn = Literal["random", "stratified", "uncertain", "double", "chosen"]

_LABELLER = re.compile(r"[a-z0-9_-]{1,64}")
_KEY = ["source", "post_id", "labeller"]
_GIVEN = [*_KEY, "label", "drawn", "stratum", "inclusion_probability", "labelled_at"]
_DEFAULTS = {"action": "label", "drawn": "chosen"}

log = logging.getLogger(__name__)


def save_labels(
    labels: pd.DataFrame | Sequence[Mapping[str, Any]], *, store: Store | None = None
) -> int:
    """Add what people said of posts to the store.

    Parameters
    ----------
    labels
        With `source`, `post_id`, `labeller` and `label`; what there is of `action` (``label`` unless given,
        ``skip``, ``undo``), `drawn` (``chosen`` unless given), `stratum` and `inclusion_probability`.
        Later rows replace earlier ones of the same labeller and post.
    store
        Another store than the workspace's.

    Returns
    -------
    int
        How many were kept. Those of posts that were forgotten are not.

    Raises
    ------
    ParamError
        If a label, a labeller's name, an action or a way of drawing is none.
    SchemaError
        If a column is missing.
    StoreError
        If there is no store, or it cannot be written; then none was kept.
    """
    given = pd.DataFrame(labels).to_dict("records")
    check_columns(pd.DataFrame(labels).columns, [*_KEY, "label"], what="save_labels")
    now = datetime.now(UTC)
    entries = [_entry(row, now + timedelta(microseconds=n)) for n, row in enumerate(given)]
    rows = pa.Table.from_pylist(entries, schema=TABLE.arrow)
    store = store or open_store()
    store.open("posts")
    if not store.has(TABLE.name):
        store.make()
    rows = rows.filter(pc.invert(Tombstones.load(store).hits_among(rows)))
    if len(rows):
        store.append(TABLE.name, rows)
    return len(rows) - _erase_forgotten(store, rows)


def _erase_forgotten(store: Store, rows: pa.Table) -> int:
    """Erase entries again whose post was forgotten while they were written; say how many."""
    # `forget` buries first and cleans later: what it buries after this look, it cleans itself.
    tombstones = Tombstones.load(store)
    late = pc.sum(tombstones.hits_among(rows)).as_py() or 0
    if late:
        erase_labels(store, tombstones)
        log.info("erased %d labels of posts that were forgotten meanwhile", late)
    return late


def load_labels(
    source: str | None = None,
    labeller: str | None = None,
    columns: Sequence[str] = (),
    as_of: AsOf | None = None,
    *,
    posts_as_of: AsOf | None = None,
    store: Store | None = None,
) -> pd.DataFrame:
    """Give what people say of posts now: the newest word of each labeller on each post.

    Parameters
    ----------
    source, labeller
        Only labels of this source, of this labeller.
    columns
        Columns of `posts` to put beside, such as ``["text", "lang"]``; reads the posts. Labels of posts that
        are not in the store are left out then.
    as_of
        State of the labels: a version of the table `labels`, a time, or what a run saw.
    posts_as_of
        State of the posts that `columns` come from; the newest unless given.
    store
        Another store than the workspace's.

    Returns
    -------
    pandas.DataFrame
        `source`, `post_id`, `labeller`, `label` (null where they skipped the post), `drawn`, `stratum`,
        `inclusion_probability`, `labelled_at`, then `columns`; sorted by the first three. Labels that were
        undone are not there.

    Raises
    ------
    StoreError
        If there is no store, or no such state.
    UnknownNameError
        If posts have no such column.
    """
    store = store or open_store()
    store.open("posts")
    rows = (
        store.read(TABLE.name, as_of=as_of) if store.has(TABLE.name) else TABLE.arrow.empty_table()
    )
    for name, wanted in (("source", source), ("labeller", labeller)):
        if wanted is not None:
            rows = rows.filter(pc.equal(rows[name], wanted))
    known_at = as_of.moment if isinstance(as_of, State) else None
    rows = rows.filter(pc.invert(Tombstones.load(store, known_at=known_at).hits_among(rows)))
    labels: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype)
    newest = labels.sort_values(["labelled_at", "entry_id"]).drop_duplicates(_KEY, keep="last")
    held = newest.loc[newest["action"] != "undo", _GIVEN].sort_values(_KEY, ignore_index=True)
    return _with_posts(held, list(columns), posts_as_of, store) if columns else held


def _with_posts(
    labels: pd.DataFrame, columns: list[str], as_of: AsOf | None, store: Store
) -> pd.DataFrame:
    """Put columns of posts beside their labels; only labelled posts are held in memory."""
    wanted = list(dict.fromkeys(["source", "post_id", *columns]))
    there = {file.source for file in store.post_files(store.open("posts", as_of))}
    sources = sorted(there & set(labels["source"]))
    if not sources:
        empty = load_posts(columns=wanted, as_of=as_of, store=store)._meta  # noqa: SLF001
        return labels.iloc[:0].merge(empty, on=["source", "post_id"])
    posts = load_posts(sources, columns=wanted, as_of=as_of, store=store)
    ids = labels["post_id"].drop_duplicates().tolist()
    labelled = posts[posts["post_id"].isin(ids)].compute()
    return labels.merge(labelled, on=["source", "post_id"])


def _entry(row: Mapping[Any, Any], at: datetime) -> dict[str, Any]:
    known = {name: row[name] for name in TABLE.names if name in row and not pd.isna(row[name])}
    entry = {name: known.get(name, _DEFAULTS.get(name)) for name in TABLE.names}
    for name in ("source", "post_id"):
        if not isinstance(entry[name], str):
            raise ParamError(
                f"A label's {name} is {entry[name]!r}, but ids are text. Write it as text."
            )
    for name, choices in (("action", get_args(Action)), ("drawn", get_args(Drawn))):
        _check_choice(name, entry[name], choices)
    if entry["action"] == "label":
        _check_choice("label", entry["label"], LABELS)
    else:
        entry["label"] = None
    _check_labeller(entry["labeller"])
    return entry | {"entry_id": secrets.token_hex(16), "labelled_at": at}


def _check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ParamError(f"There is no {name} {value!r}.{suggest(str(value), choices)}")


def _check_labeller(name: object) -> None:
    if not isinstance(name, str) or not _LABELLER.fullmatch(name):
        raise ParamError(
            f"The labeller's name is {name!r}, but it must be 1 to 64 of a-z, 0-9, _ and -: a short name or a "
            "pseudonym, such as ann."
        )
