"""Posts that topics are judged on: published sets in the folder of real data, or a file of one's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from murmuration.collect.labelled import read_rows
from murmuration.errors import ParamError, ReadError, SchemaError, suggest
from murmuration.frames import text_list

_LINES = {
    "StackOverflow": ("StackOverflow.txt", "StackOverflow_label.txt", (20,)),
    "Tweet": ("Tweet.txt", "Tweet_LABEL.txt", (89,)),
    "BBC": ("octis_BBC_News/corpus.txt", "octis_BBC_News/labels.txt", (10, 20, 30, 40, 50)),
}  # fmt: skip
_TROLLS = "trolls/trolls_segments_dev.parquet"
_FIRST_DAY, _DAYS, _LATER_DAYS, _TROLL_TOPICS = "2017-08-10", 6, 3, 30
_TEXT_COLUMNS = ("text", "title", "tweet", "content", "body", "message")
_LABEL_COLUMNS = ("topic", "label", "category", "class")


@dataclass(frozen=True, eq=False)
class TopicSet:
    """Posts with what is known about their topics.

    Attributes
    ----------
    name
        By which it is known.
    posts
        With `text`; the index says which post it is.
    numbers
        How many topics are asked for, one after the other; None lets the method choose.
    labels
        What people said each post is about, if they did.
    later
        Posts of a window that overlaps with that of `posts`, if there are times.
    """

    name: str
    posts: pd.DataFrame
    numbers: tuple[int | None, ...]
    labels: tuple[str, ...] | None = None
    later: pd.DataFrame | None = None


def find_sets(folder: Path, names: Sequence[str] = ()) -> list[TopicSet]:
    """Read published sets: StackOverflow, Tweet, BBC, and two overlapping weeks of trolls.

    Parameters
    ----------
    folder
        That of the real data.
    names
        Which ones; all that are there unless given.

    Raises
    ------
    ParamError
        If a name is not known.
    ReadError
        If none is there.
    """
    readers: Mapping[str, Callable[[], TopicSet | None]] = {
        **{name: partial(_read_lines, folder / "topics", name) for name in _LINES},
        "trolls": partial(_read_trolls, folder / _TROLLS),
    }
    for name in names:
        if name not in readers:
            raise ParamError(
                f"There is no set of posts {name!r}.{suggest(name, readers)} Known are {', '.join(readers)}; a file of "
                "yours is read with --data FILE."
            )
    found = [one for name in names or readers if (one := readers[name]()) is not None]
    if not found:
        raise ReadError(
            f"There are no posts that are known in {folder}. Name a file of yours with --data FILE, or the folder with "
            "MURMURATION_REAL_DATA."
        )
    return found


def read_set(
    path: Path, *, text: str = "", label: str = "", n_topics: int | None = None
) -> TopicSet:
    """Read posts of one's own: CSV, JSON lines or Parquet.

    Parameters
    ----------
    path
        The file.
    text, label
        Columns with the text, and with what people said it is about; recognised by their usual names unless given. A
        file may have no labels.
    n_topics
        How many topics to ask for; else as many as there are labels, or as the method chooses.

    Raises
    ------
    ReadError
        If the file cannot be read or has no text.
    SchemaError
        If a column is not there.
    """
    table = read_rows(path)
    column = _find_column(table, text, _TEXT_COLUMNS, path)
    if column is None:
        raise SchemaError(
            f"{path} has no column that is known to hold text, only {', '.join(map(str, table.columns))}. Name it with "
            "--text."
        )
    said = _find_column(table.drop(columns=column), label, _LABEL_COLUMNS, path)
    kept = table[column].fillna("").astype(str).str.strip().ne("").to_numpy(dtype=bool)
    if said is not None:
        kept = kept & table[said].notna().to_numpy(dtype=bool)
    if not kept.any():
        raise ReadError(f"{path} has no row with text{' and a label' if said else ''}.")
    posts = pd.DataFrame({"text": table.loc[kept, column].astype(str)}).reset_index(drop=True)
    labels = None if said is None else tuple(table.loc[kept, said].astype(str))
    numbers = (n_topics or (None if labels is None else len(set(labels))),)
    return TopicSet(path.name, posts, numbers, labels)


def _find_column(table: pd.DataFrame, given: str, usual: Sequence[str], path: Path) -> str | None:
    names = [str(name) for name in table.columns]
    if given and given not in names:
        raise SchemaError(f"{path} has no column {given!r}.{suggest(given, names)}")
    return given or next((name for name in usual if name in names), None)


def _read_lines(folder: Path, name: str) -> TopicSet | None:
    """Read a file of texts and the file of their labels, line by line."""
    texts, labels, numbers = _LINES[name]
    if not (folder / texts).is_file() or not (folder / labels).is_file():
        return None
    truth = (folder / labels).read_text(encoding="utf-8").split()
    lines = (folder / texts).read_text(encoding="utf-8").split("\n")[: len(truth)]
    if len(lines) < len(truth):
        raise ReadError(f"{folder / texts} has {len(lines):,} texts, but {len(truth):,} labels.")
    return TopicSet(name, pd.DataFrame({"text": lines}), numbers, tuple(truth))


def _read_trolls(path: Path) -> TopicSet | None:
    if not path.is_file():
        return None
    table = pd.read_parquet(path, columns=["publish_date", "content"])
    posts = pd.DataFrame(
        {
            "text": text_list(table["content"], column="content"),
            "created_at": pd.to_datetime(table["publish_date"], utc=True),
        }
    )
    first = pd.Timestamp(_FIRST_DAY, tz="UTC")
    weeks = [_between(posts, first + pd.Timedelta(days=days)) for days in (0, _LATER_DAYS)]
    return TopicSet("trolls", weeks[0], (_TROLL_TOPICS,), None, weeks[1])


def _between(posts: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    times = posts["created_at"]
    there = np.asarray((times >= since) & (times < since + pd.Timedelta(days=_DAYS)))
    return posts[there & posts["text"].notna().to_numpy(dtype=bool)]
