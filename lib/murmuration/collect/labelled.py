"""A file of labelled posts → texts with labels that mean the same in every file."""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.collect.csv_rows import detect_dialect
from murmuration.collect.encoding import detect_encoding
from murmuration.errors import ReadError, SchemaError, suggest
from murmuration.frames import TEXT, text_array
from murmuration.sentiment.model import LABELS

_SAMPLE_BYTES = 1 << 18
_KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
          ".jsonl": "lines", ".ndjson": "lines"}  # fmt: skip
# What columns are usually called, the likeliest first.
_USUAL = {
    "text": ("text", "tweet", "content", "body", "message", "full_text", "sentence"),
    "label": ("label", "sentiment", "airline_sentiment", "polarity", "class", "y", "target"),
    "lang": ("lang", "language"),
    "group": ("author_key", "author", "author_id", "user", "user_id", "username", "name", "group"),
    "post_id": ("post_id", "id", "tweet_id"),
}
_OPTIONAL = ("lang", "group", "post_id")
_WORDS = {
    "negative": 0, "neg": 0, "bad": 0, "neutral": 1, "neu": 1, "positive": 2, "pos": 2, "good": 2,
}  # fmt: skip
_MISSING = frozenset(("none", "null", "nan", "empty"))
# Numbers that stand for negative, neutral, positive; only the whole set of a file says which it is.
_SCALES: tuple[dict[str, int], ...] = (
    {"0": 0, "1": 1, "2": 2}, {"-1": 0, "0": 1, "1": 2}, {"0": 0, "2": 1, "4": 2}, {"1": 0, "2": 1, "3": 2},
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled posts of one file.

    Attributes
    ----------
    posts
        `text`, `label` (one of negative, neutral, positive), and `lang`, `group` (author), `post_id` where
        the file has them; rows without a text or label are left out.
    name, sha256
        Of the file.
    columns
        Field to column, as used.
    rows
        How many the file has.
    without_label, without_text
        How many of them were left out, and why.
    repeated, contradicting
        Rows whose text another row has too; those of them that do not agree on the label.
    """

    posts: pd.DataFrame
    name: str
    sha256: str
    columns: Mapping[str, str]
    rows: int
    without_label: int
    without_text: int
    repeated: int
    contradicting: int


def read_labelled(
    path: Path | str,
    *,
    text: str = "",
    label: str = "",
    group: str = "",
    lang: str = "",
) -> Labelled:
    """Read labelled posts: CSV, JSON lines or Parquet.

    Parameters
    ----------
    path
        The file.
    text, label, group
        Columns that hold the text, the label and the author; recognised by their usual names unless given.
    lang
        Language of all posts, BCP 47; else the file's column, if it has one.

    Returns
    -------
    Labelled
        Labels may be words (negative, neutral, positive) or numbers (0, 1, 2; −1, 0, 1; 0, 2, 4); none, null,
        nan and empty are no label.

    Raises
    ------
    ReadError
        If the file cannot be read, a label has no meaning, or no row is left; says where and the near match.
    SchemaError
        If a column is not there.
    """
    path = Path(path)
    table = read_rows(path)
    given = {"text": text, "label": label, "group": group}
    columns = _find_columns(list(table.columns), given, path)
    found = {field: table[column] for field, column in columns.items()}
    found["text"] = _plain(found["text"], "text")
    labels = _read_labels([_as_word(value) for value in found.pop("label")], path, columns["label"])
    for field in _OPTIONAL:
        if field in found:
            words = [_as_word(value) or None for value in found[field]]
            found[field] = pd.Series(_texts(words), index=table.index)
    posts = pd.DataFrame(found).assign(label=_texts(labels))
    if lang:
        posts["lang"] = lang
    worded = posts["text"].fillna("").str.strip().ne("").to_numpy(dtype=bool)
    labelled = posts["label"].notna().to_numpy(dtype=bool)
    kept = posts[worded & labelled].reset_index(drop=True)
    if kept.empty:
        raise ReadError(f"{path} has no row with both a text and a label.")
    repeated, contradicting = count_repeats(kept)
    return Labelled(
        posts=kept,
        name=path.name,
        sha256=_hash(path),
        columns=columns,
        rows=len(table),
        without_label=int((~labelled).sum()),
        without_text=int((labelled & ~worded).sum()),
        repeated=repeated,
        contradicting=contradicting,
    )


def count_repeats(posts: pd.DataFrame) -> tuple[int, int]:
    """Count posts whose text another has too, and those of them that do not agree on the label."""
    kinds = posts.groupby("text", sort=False)["label"].agg(["size", "nunique"])
    again = int(kinds.loc[kinds["size"] > 1, "size"].sum())
    return again, int(kinds.loc[kinds["nunique"] > 1, "size"].sum())


def read_rows(path: Path) -> pd.DataFrame:
    """Read a table as it is: CSV, JSON lines or Parquet.

    Raises
    ------
    ReadError
        If it cannot be read, or is none of these.
    """
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(_KINDS)
        raise ReadError(
            f"{path} is not read: labelled posts come as CSV, JSON lines or Parquet ({known})."
        )
    try:
        if kind == "parquet":
            frame: pd.DataFrame = pq.read_table(path).to_pandas(types_mapper=pd.ArrowDtype)
            return frame
        return _read_csv(path) if kind == "csv" else _read_lines(path)
    except FileNotFoundError as err:
        there = [file.name for file in path.parent.glob("[!.]*")] if path.parent.is_dir() else []
        raise ReadError(f"There is no file {path}.{suggest(path.name, there)}") from err
    except (
        OSError,
        pa.ArrowException,
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
        csv.Error,
    ) as err:
        raise ReadError(f"{path} cannot be read: {err}.") from err


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    encoding = detect_encoding(start)
    dialect = detect_dialect(start.decode(encoding, "replace"))
    return pd.read_csv(
        path, sep=dialect.delimiter, quotechar=dialect.quote, escapechar=dialect.escape, encoding=encoding,
        encoding_errors="replace", dtype=str, keep_default_na=False, na_values=[""], engine="c",
    )  # fmt: skip


def _read_lines(path: Path) -> pd.DataFrame:
    rows = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):  # texts hold U+2028
        if line.strip():
            try:
                rows.append(dict(orjson.loads(line)))
            except (orjson.JSONDecodeError, TypeError, ValueError) as err:
                raise ReadError(f"{path}, line {number}: this is no JSON object.") from err
    return pd.DataFrame(rows)


def _find_columns(there: Sequence[str], given: Mapping[str, str], path: Path) -> dict[str, str]:
    names, found = [str(name) for name in there], {}
    folded = {name.strip().casefold(): name for name in reversed(names)}
    for field, usual in _USUAL.items():
        if given.get(field):
            if given[field] not in names:
                raise SchemaError(
                    f"{path} has no column {given[field]!r} for the {field}.{suggest(given[field], names)}"
                )
            found[field] = given[field]
        elif column := next((folded[name] for name in usual if name in folded), None):
            found[field] = column
        elif field not in _OPTIONAL:
            raise SchemaError(
                f"None of the columns of {path} is known to hold the {field}: {', '.join(names)}. Name it."
            )
    return found


def _plain(column: "pd.Series[Any]", field: str) -> "pd.Series[Any]":
    return pd.Series(pd.array(text_array(column, column=field), dtype=TEXT), index=column.index)


def _as_word(value: object) -> str:
    """Give a cell as a word: 2, 2.0 and “2” alike; nothing for a missing one."""
    if value is None or value is pd.NA or value != value:  # NaN is not
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _texts(values: Sequence[str | None]) -> Any:
    return pd.array(pa.array(values, pa.string()), dtype=TEXT)


def _read_labels(words: Sequence[str], path: Path, column: str) -> list[str | None]:
    """Give what each word means; None for a missing one."""
    folded = [word.casefold().removesuffix(".0") for word in words]
    said = [None if word in _MISSING else word or None for word in folded]
    meaning = _meaning(Counter(word for word in said if word), path, column)
    return [LABELS[meaning[word]] if word else None for word in said]


def _meaning(counts: Mapping[str, int], path: Path, column: str) -> Mapping[str, int]:
    known = set(counts)
    if known <= set(_WORDS):
        return _WORDS
    fitting = [scale for scale in _SCALES if known <= set(scale)]
    if len(fitting) == 1 or (fitting and known == {"0", "1", "2"}):
        return fitting[0]
    where = f"{path}, column {column!r}"
    if fitting:
        raise ReadError(
            f"{where} holds only {', '.join(sorted(known))}, which may mean several things. Write the labels "
            "as negative, neutral and positive."
        )
    odd = min(
        (word for word in known if word not in _WORDS), key=lambda word: (-counts[word], word)
    )
    shown = odd if len(odd) <= 40 else odd[:39] + "…"
    raise ReadError(
        f"{where} has the label {shown!r} in {counts[odd]:,} of {sum(counts.values()):,} rows, which means "
        f"nothing here.{suggest(odd, LABELS)}"
    )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
