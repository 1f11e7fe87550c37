"""The tables as they are declared, as the data dictionary tells them, and as the store fills them.

    .venv/bin/python tests/test_schema.py

writes the tables of docs/data_dictionary.md anew; what stands above its first heading is left as it is.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from murmuration import schema
from murmuration.audience import FEATURES
from murmuration.errors import SchemaError
from murmuration.schema import RESULTS, STORE_TABLES, Table
from murmuration.sentiment import count_methods, estimate_shares
from murmuration.store.forget import forget
from murmuration.store.labels import save_labels
from murmuration.store.tombstones import bury
from murmuration.trends import (
    count_coverage,
    estimate_sentiment,
    estimate_share_of_voice,
    find_terms_by_side,
)

DICTIONARY = Path(__file__).resolve().parents[1] / "docs" / "data_dictionary.md"
LEDGER = "\n## Tables of the ledger\n"  # from there on it is written by hand
ALL_TABLES = [*STORE_TABLES, *(table for tables in RESULTS.values() for table in tables)]


def render_dictionary() -> Iterator[str]:
    """Give the lines of the data dictionary below its first paragraphs."""
    for place, tables in {"the store": STORE_TABLES, **RESULTS}.items():
        yield from (
            "",
            f"## Tables of {place if tables is STORE_TABLES else f'the report `{place}`'}",
        )
        for table in tables:
            yield from ("", f"### {table.name}", "", _describe(table), "")
            yield from ("| column | type | unit | null | meaning |", "|---|---|---|---|---|")
            for column in table.columns:
                null = "yes" if column.name in table.nullable else "never"
                name, kind = f"`{column.name}`", _type_name(column.type)
                yield f"| {name} | {kind} | {column.unit or '–'} | {null} | {column.meaning} |"
    yield from render_profiles()


def render_profiles() -> Iterator[str]:
    """Give the lines about what `murmuration.audience.profile_authors` says of an author."""
    yield from ("", "## Profiles of authors", "", "What `murmuration.audience.profile_authors` gives beside the key. Null is unknown. Last come `known_time`, `known_text` and so on: of how many posts of the author it is known.")  # fmt: skip
    yield from ("", "| column | of | unit | made of | meaning |", "|---|---|---|---|---|")
    for feature in FEATURES:
        needs = " or ".join(f"`{name}`" for name in feature.needs) or "–"
        yield f"| `{feature.name}` | {feature.block} | {feature.unit or '–'} | {needs} | {feature.meaning} |"


def _describe(table: Table) -> str:
    said = f"One row is {table.row}. Key: {_listed(table.key)}."
    return f"{said} Partitioned by {_listed(table.partition_by)}." if table.partition_by else said


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _type_name(kind: pa.DataType) -> str:
    names = {
        pa.string(): "text",
        pa.int64(): "integer, 64 bits",
        pa.float64(): "number, 64 bits",
        pa.bool_(): "true or false",
        schema.UTC_TIME: "time",
        schema.STRINGS: "list of texts",
        schema.PAIRS: "pairs of texts",
    }
    return names[kind]


def test_the_data_dictionary_tells_every_column_as_it_is_declared():
    prose, heading, tables = DICTIONARY.read_text(encoding="utf-8").partition("\n## ")
    tables, _, by_hand = tables.partition(LEDGER)  # tests/schedule/test_documents.py
    assert by_hand
    assert len(prose.split()) > 100
    wanted = "\n".join(render_dictionary()) + "\n"
    if heading + tables != wanted:
        pytest.fail(
            "docs/data_dictionary.md differs from lib/murmuration/schema.py. "
            "Write it anew: .venv/bin/python tests/test_schema.py"
        )


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_a_table_is_declared_without_contradiction(table):
    assert len(set(table.names)) == len(table.names)
    assert {*table.key, *table.partition_by, *table.nullable} <= set(table.names)
    # Only a post's language may be unknown and still tell rows apart.
    assert set(table.key) & set(table.nullable) <= {"lang"}
    assert all(column.meaning and "|" not in column.meaning for column in table.columns)


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_measure_has_a_unit(table):
    plain = {"row", "rank", "value", "z", "log_odds", "content_hash", "posts_version"}
    for column in table.columns:
        if not column.unit and column.name not in plain:
            assert column.type not in (pa.int64(), pa.float64()), column.name


def nulls(rows: pa.Table) -> set[str]:
    return {name for name in rows.column_names if rows[name].null_count}


def test_the_store_leaves_null_only_what_may_be_null(take_in, write_csv, store, state):
    take_in(
        write_csv([{"id": "1"}, {"id": "2", "text": "x", "user_id": "ann", "date": "soon"}]),
        max_bad_share=1,
        detect_language=False,
    )
    bury(store, "post", "test", ["7"], reason="deleted")
    forget(store, state, source="test", author="bob")
    said = {"source": "test", "post_id": "1", "labeller": "ann", "label": "neutral"}
    save_labels([said, said | {"label": None, "action": "skip"}], store=store)
    for table in STORE_TABLES:
        opened = store.open(table.name)
        rows = pa.concat_tables([store.read_file(uri) for uri in opened.file_uris()])
        assert len(rows), table.name
        assert set(rows.column_names) == set(table.names) - set(table.partition_by)
        assert nulls(rows) <= set(table.nullable)
    # The first post says nothing but its id, so here everything that may be null is.
    post = store.read_file(store.open("posts").file_uris()[0])
    assert nulls(post) == set(schema.POSTS.nullable)


def test_results_are_null_only_where_they_may_be():
    declared = {table.name: table for table in RESULTS["brand_health"]}
    posts = pd.DataFrame(
        {
            "brand": ["one", "one", "two"],
            "lang": ["en", None, "en"],
            "text": ["good day", None, "bad day"],
            "sentiment": [0.5, None, None],
            "sentiment_label": ["positive", None, None],
        }
    )
    found = {
        "by_brand": estimate_sentiment(posts.assign(period="this"), by=["brand", "period"]),
        "by_language": estimate_sentiment(posts, by=["lang"]),
        "share_of_voice": estimate_share_of_voice(posts.iloc[:0], ["one", "two"]),
        "shares": estimate_shares(posts.assign(period="this"), by=["brand", "period"]),
        "methods": count_methods(posts.assign(sentiment_model="new"), {"new": None}),
        "terms": find_terms_by_side(posts),
        "coverage": count_coverage(posts, searched=3, quarantined=0),
    }
    for name, frame in found.items():
        rows = pa.Table.from_pandas(frame[declared[name].names], preserve_index=False)
        assert nulls(rows) <= set(declared[name].nullable), name
    assert pa.Table.from_pandas(found["by_brand"])["mean"].null_count == 1


def test_a_missing_column_is_named_with_the_near_match():
    with pytest.raises(SchemaError, match=r"find_x needs the column 'text'\. Did you mean 'txt'\?"):
        schema.check_columns(["post_id", "txt"], ["post_id", "text"], what="find_x")
    schema.check_columns(iter(["text", "more"]), ["text"], what="find_x")


if __name__ == "__main__":
    prose, _, tables = DICTIONARY.read_text(encoding="utf-8").partition("\n## ")
    ledger = LEDGER + tables.partition(LEDGER)[2]
    DICTIONARY.write_text(prose + "\n".join(render_dictionary()) + "\n" + ledger, encoding="utf-8")
