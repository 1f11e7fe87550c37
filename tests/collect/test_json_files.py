"""JSON lines, lists and pages; a broken record costs itself, a broken list is refused."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.collect.files import find_files
from murmuration.collect.json_files import JsonReader
from murmuration.collect.raw import STRAY_BYTES, SURROGATES, Batcher, Shape
from murmuration.errors import ReadError

GOLDEN = Path(__file__).parents[1] / "golden" / "exports"


def lines_of(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def posts(count):
    return [{"id": str(k), "text": f"text {k}", "likes": k} for k in range(count)]


def bad_rows(content):
    return [(row.row, row.reason) for row in content.bad]


WRITINGS = {
    "lines.jsonl": lines_of,
    "lines.json": lines_of,
    "list.json": json.dumps,
    "indented.json": lambda records: json.dumps(records, indent=2),
    "list.jsonl": json.dumps,
    "lists.json": lambda records: json.dumps(records[:5]) + "\n" + json.dumps(records[5:]),
    "compact.ndjson": lambda records: "\n".join(
        json.dumps(r, separators=(",", ":")) for r in records
    ),
    "windows.jsonl": lambda records: lines_of(records).replace("\n", "\r\n"),
    "no name": lines_of,
}


@pytest.mark.parametrize("name", WRITINGS)
def test_records_are_found_in_any_writing(read, name):
    content = read(WRITINGS[name](posts(20)), name)
    assert content.rows == 20
    assert content.posts["7"]["text"] == "text 7"
    assert content.posts["7"]["like_count"] == 7


# Lines


def test_broken_lines_are_set_aside_and_the_others_stay(read):
    lines = lines_of(posts(40)).splitlines()
    lines[0], lines[10], lines[20], lines[30] = '{"id": "0", "te', "garbage", "[1, 2]", '"word"'
    content = read("\n".join(lines), "posts.jsonl")
    assert len(content.posts) == 36
    assert bad_rows(content) == [
        (1, "no JSON: Invalid control character at"),
        (11, "no JSON: Expecting value"),
        (21, "a record must be an object, but this is list"),
        (31, "a record must be an object, but this is str"),
    ]
    assert len(content.bad) == 4


def test_a_stream_that_breaks_off_loses_its_last_record_only(read):
    content = read(lines_of(posts(20))[:-9], "posts.jsonl")
    assert len(content.posts) == 19


def test_empty_lines_and_marks_between_records_are_no_rows(read):
    content = "\ufeff" + lines_of(posts(3)).replace("\n", "\n\n\r\n")
    content = read(content, "posts.jsonl")
    assert content.rows == 3


def test_separators_of_unicode_inside_texts_end_no_record(read):
    text = "a\u2028b\u2029c\x85d\x1ee"
    content = json.dumps({"id": "1", "text": text}, ensure_ascii=False)
    content = read(content.replace("\x1e", "\\u001e") + "\n", "posts.jsonl")
    assert content.posts["1"]["text"] == text


def test_a_long_line_is_one_record(read):
    content = read(lines_of([{"id": "1", "text": "x" * 900_000}, *posts(2)[:1]]), "a.jsonl")
    assert len(content.posts["1"]["text"]) == 900_000


# Odd values


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.json"])
def test_half_characters_are_replaced_and_counted(read, name):
    records = [
        '{"id": "1", "text": "a\\ud83dz", "x": "b\\udc00"}',
        '{"id": "2", "text": "whole \\ud83d\\ude00"}',
        '{"id": "3", "text": "c", "hashtags": ["d\\ud83d"]}',
    ]
    content = "\n".join(records) if name.endswith("l") else f"[{','.join(records)}]"
    content = read(content, name)
    assert content.posts["1"]["text"] == "a\ufffdz"
    assert dict(content.posts["1"]["extra"]) == {"x": "b\ufffd"}
    assert content.posts["2"]["text"] == "whole 😀"
    assert content.posts["3"]["hashtags"] == ["d\ufffd"]
    assert content.notes == {SURROGATES: 3}


def test_a_bad_record_is_looked_at_as_people_read_it_and_half_characters_are_replaced(read):
    good = {"id": "1", "content": "a", "visibility": "public", "account": {"acct": "zoë"}}
    bad = {name: value for name, value in good.items() if name != "id"} | {"content": "b\ud83d"}
    [row] = read(lines_of([good, bad]), "a.jsonl").bad
    assert json.loads(row.unread) == bad | {"content": "b\ufffd"}
    assert '"zoë"' in row.unread


def test_nan_is_nothing(read):
    content = '{"id": "1", "text": NaN, "lang": NaN, "likes": NaN, "created_at": NaN, "x": NaN}\n'
    content = read(content + '{"id": "2", "text": "b", "lang": "en", "x": Infinity}', "a.jsonl")
    for name in ("text", "lang", "like_count", "created_at", "extra"):
        assert content.posts["1"][name] is None
    assert dict(content.posts["2"]["extra"]) == {"x": "inf"}


def test_ids_keep_every_digit_up_to_64_bits_and_are_refused_beyond(read):
    records = [
        {"id": 2**64 - 1, "text": "a"},
        {"id": 2**70, "text": "b"},
        {"id": 5.7e17, "text": "c"},
    ]
    content = read(lines_of([*records, *posts(20)]), "posts.jsonl")
    assert content.posts[str(2**64 - 1)]["text"] == "a"
    assert len(content.posts) == 21
    assert {reason for _, reason in bad_rows(content)} == {
        "the id lost digits (a number such as 5.7e+17 is no id)"
    }


def test_values_of_changing_type_are_read_as_what_they_are(read):
    records = [
        {"id": 1, "text": "a", "likes": 3, "created_at": 1424806552},
        {"id": "two", "text": "b", "likes": "1,204", "created_at": "2015-02-24T19:35:52Z"},
        {"id": 3, "text": 4.5, "likes": None, "created_at": None},
        {"id": 4, "text": ["a", "b"], "likes": [1], "created_at": ""},
    ]
    content = read(lines_of(records), "posts.jsonl")
    assert {key: post["like_count"] for key, post in content.posts.items()} == {
        "1": 3, "two": 1204, "3": None, "4": None,
    }  # fmt: skip
    assert content.posts["1"]["created_at"] == content.posts["two"]["created_at"]
    assert content.posts["4"]["text"] == '["a", "b"]'


def test_a_deep_record_ends_nothing(read):
    deep = "[" * 5_000 + "]" * 5_000
    lines = [f'{{"id": "0", "text": "a", "x": {deep}}}', *lines_of(posts(20)).splitlines()[1:]]
    content = read("\n".join(lines), "posts.jsonl")
    assert len(content.posts) >= 19


# Flat records


def test_parts_of_nested_records_are_found_by_their_dotted_names(read):
    record = {
        "id": "1",
        "text": "a",
        "user": {"id": "7", "followers_count": 12},
        "public_metrics": {"like_count": 3},
        "place": {"full_name": "Bern", "country": "CH"},
        "entities": {
            "hashtags": [{"tag": "one"}, {"tag": "two"}],
            "mentions": [{"username": "bob"}],
        },
        "source": "web",
    }
    content = read(lines_of([record]), "posts.jsonl", mapping={"text": "text"})
    post = content.posts["1"]
    assert (post["author_followers"], post["like_count"]) == (12, 3)
    assert post["hashtags"] == ["one", "two"]
    assert len(post["mention_keys"]) == 1
    assert dict(post["extra"]) == {
        "place.country": "CH",
        "place.full_name": "Bern",
        "source": "web",
    }
    assert content.mapping["author"] == "user.id"


def test_a_mapping_reads_records_as_flat_even_where_their_shape_is_known(read):
    tweets = (GOLDEN / "x_v1.ndjson").read_text(encoding="utf-8")
    content = read(tweets, "known.ndjson")
    assert content.shape == "X API v1.1 tweets (JSON lines)"
    content = read(tweets, "flat.ndjson", mapping={"text": "lang"})
    assert content.shape == "JSON lines"
    assert content.mapping["text"] == "lang"


def test_columns_that_appear_late_go_to_extra(read):
    records = posts(300)
    records[250]["mood"] = "glad"
    content = read(lines_of(records), "posts.jsonl")
    assert dict(content.posts["250"]["extra"]) == {"mood": "glad"}
    assert content.posts["249"]["extra"] is None


@pytest.mark.parametrize(
    ("read_record", "why"),
    [
        (lambda record: record["author"], "'author' is missing"),
        (lambda record: int(record["text"]), "invalid literal for int() with base 10: …"),
        (lambda record: record["text"]["x"], "string indices must be integers, not …"),
        (lambda record: [][0], "list index out of range"),
    ],
)
def test_reasons_never_say_what_stands_in_a_record(read_record, why):
    shape = Shape("Invented", None, lambda record: True, lambda record: map(read_record, [record]))
    batcher = Batcher()
    JsonReader._add_shaped(None, batcher, shape, 7, {"text": "it's a 'secret' \"word\""}, 1)
    [bad] = batcher.batch().bad
    assert (bad.row, bad.reason) == (7, f"no whole record of Invented: {why}")


# Lists and pages


@pytest.mark.parametrize("cut", [1, 2, 10, 400])
def test_a_list_that_breaks_off_is_refused(read, cut):
    with pytest.raises(
        ReadError, match=r"no whole JSON list: it breaks off or is broken behind record"
    ):
        read(json.dumps(posts(20))[:-cut], "posts.json")


@pytest.mark.parametrize("tail", ["x", ', {"id": "99"}', "]", "}"])
def test_something_behind_a_list_is_refused_and_not_left_out(read, tail):
    with pytest.raises(ReadError, match=r"no whole JSON list"):
        read(json.dumps(posts(3)) + tail, "posts.json")


def test_a_broken_object_is_refused(read):
    with pytest.raises(ReadError, match=r"no whole JSON document"):
        read('{\n "data": [\n  {"id": "1", "text": "a"},\n', "page.json")


@pytest.mark.parametrize("content", ["[]", "[ ]\n", "5", '"a"', "null", "[1, 2]", "{}"])
def test_json_without_records_is_refused(import_text, content):
    with pytest.raises(ReadError, match=r"no JSON records|neither an id nor a text"):
        import_text(content, "posts.json")


def test_words_that_are_cut_by_the_end_of_a_chunk_stay_whole(write):
    numbers = list(range(300_000))  # more than one chunk, most of it numbers
    path = write(json.dumps([*posts(1), *numbers]), "list.json")
    [file] = find_files([str(path)])
    records = [record for _, record, _ in JsonReader(file, {}, lines=False)._records()]
    assert records[1:] == numbers


def test_a_list_is_read_without_holding_it(write):
    def peak(count):
        path = write(
            json.dumps([{"id": str(k), "text": "x" * 500} for k in range(count)]), "list.json"
        )
        [file] = find_files([str(path)])
        reader = JsonReader(file, {}, lines=False)
        tracemalloc.start()
        for _ in reader._records():
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(20_000) < 1.5 * peak(5_000)


# Properties

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    "id text created_at likes author hashtags urls lang x retweet_count is_retweet".split()
)
RECORDS = st.lists(
    st.dictionaries(NAMES | st.text(max_size=8), VALUES, max_size=6), min_size=1, max_size=8
)


@settings(max_examples=80, deadline=None)
@given(records=RECORDS)
def test_any_records_become_batches(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("any") / "records.jsonl"
    path.write_text(lines_of([{"id": "1"}, *records]))
    [file] = find_files([str(path)])
    for reader in (JsonReader(file, {}, lines=True), JsonReader(file, {"text": "id"}, lines=True)):
        batches = list(reader.batches())
        assert sum(batch.fields.num_rows + len(batch.bad) + batch.skipped for batch in batches) >= 1


def test_stray_bytes_are_named_once_a_record(write):
    path = write(b'{"id": "1", "text": "\xf6\xfc"}\n{"id": "2", "text": "x"}\n', "a.jsonl")
    [file] = find_files([str(path)])
    [batch] = JsonReader(file, {}, lines=True).batches()
    assert batch.notes == {STRAY_BYTES: 1}


def test_a_column_that_first_comes_late_is_mapped_all_the_same(read):
    records = [
        {"id": str(k), "text": "a"}
        | ({"likes": k, "screen_name": "bob", "mood": "glad"} if k >= 220 else {})
        for k in range(240)
    ]
    found = read(lines_of(records), "posts.jsonl")
    assert found.posts["230"]["like_count"] == 230
    assert found.posts["230"]["author_key"]
    assert dict(found.posts["230"]["extra"]) == {"mood": "glad"}
    assert found.posts["100"]["like_count"] is None
    assert (found.mapping["like_count"], found.mapping["author"]) == ("likes", "screen_name")


def test_a_column_that_comes_late_takes_no_field_that_is_held_or_left_out(read):
    records = [
        {"id": str(k), "text": "a"} | ({"id_str": "x", "likes": 1} if k > 210 else {})
        for k in range(230)
    ]
    found = read(lines_of(records), "posts.jsonl", mapping={"like_count": ""})
    assert len(found.posts) == 230
    assert found.posts["220"]["like_count"] is None
    assert dict(found.posts["220"]["extra"]) == {"id_str": "x", "likes": "1"}


@pytest.mark.parametrize(
    "said", ["a,b", "['a', 'b']", '["a", "b"]', "a; b", '[{"tag": "a"}, {"tag": "b"}]', "#a #b"]
)
def test_a_list_that_stands_as_text_is_read_as_in_other_files(read, said):
    records = [{"id": "1", "text": "x", "hashtags": said}]
    assert read(lines_of(records), "a.jsonl").posts["1"]["hashtags"] == ["a", "b"]
