"""Files, folders and patterns; what is empty, binary or cut short is one sentence."""

import gzip
import io
import json
import tarfile
import zipfile
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from murmuration.collect import import_files
from murmuration.collect.files import detect_format, find_files
from murmuration.errors import ParamError, ReadError

CSV = "id,text\n" + "".join(f"{k},text {k}\n" for k in range(50))


def zstd(content):
    return pa.compress(content, "zstd", asbytes=True)


def names(*paths):
    return [file.name for file in find_files([str(path) for path in paths])]


# Finding


def test_a_folder_gives_its_post_files_in_order_of_name(write, tmp_path):
    for name in [
        "b.csv",
        "a/z.jsonl.gz",
        "a/c.parquet",
        "notes.md",
        ".hidden.csv",
        "_part.csv",
        "a/d.TSV",
    ]:
        write(CSV, f"exports/{name}")
    assert names(tmp_path / "exports") == ["c.parquet", "d.TSV", "z.jsonl.gz", "b.csv"]


def test_a_pattern_gives_what_it_matches(write, tmp_path):
    for name in ["1.csv", "2.csv", "3.txt", "sub/4.csv"]:
        write(CSV, f"exports/{name}")
    assert names(tmp_path / "exports" / "*.csv") == ["1.csv", "2.csv"]
    assert names(tmp_path / "exports" / "**" / "*.csv") == ["1.csv", "2.csv", "4.csv"]


def test_a_file_named_twice_is_read_once(write, tmp_path):
    path = write(CSV, "exports/1.csv")
    assert names(path, tmp_path / "exports", path) == ["1.csv"]


def test_a_file_that_has_signs_of_a_pattern_in_its_name_is_itself(write):
    assert names(write(CSV, "export [1]*?.csv")) == ["export [1]*?.csv"]


def test_any_name_is_taken_where_the_file_is_named(write):
    assert names(write(CSV, ".hidden")) == [".hidden"]


@pytest.mark.parametrize("path", ["nowhere", "nowhere/*.csv", "nowhere.csv"])
def test_what_is_not_there_is_refused(tmp_path, path):
    with pytest.raises(ReadError, match=r"There is no file or folder .*nowhere.* Check the path"):
        find_files([str(tmp_path / path)])


def test_a_folder_without_post_files_is_refused(write, tmp_path):
    write("x", "exports/readme.md")
    with pytest.raises(ReadError, match=r"exports holds no post files \(looked for .csv, .json"):
        find_files([str(tmp_path / "exports")])


def test_all_files_of_a_folder_are_imported_each_with_a_receipt(
    write, store, state, posts_of, tmp_path
):
    for k in range(3):
        write(f"id,text\n{k},a\n", f"exports/{k}.csv")
    receipts = list(
        import_files([str(tmp_path / "exports")], source="test", store=store, state=state)
    )
    assert [receipt.values["file_name"] for receipt in receipts] == ["0.csv", "1.csv", "2.csv"]
    assert sorted(posts_of()) == ["0", "1", "2"]


def test_files_before_a_broken_one_stay_imported(write, store, state, posts_of, tmp_path):
    write("id,text\n1,a\n", "exports/1.csv")
    write("", "exports/2.csv")
    with pytest.raises(ReadError, match=r"2.csv is empty"):
        list(import_files([str(tmp_path / "exports")], source="test", store=store, state=state))
    assert sorted(posts_of()) == ["1"]


@pytest.mark.parametrize("source", ["", "With Space", "UPPER", "a/b", "x" * 65, "ümlaut", "a\n"])
def test_a_source_that_is_no_name_is_refused(write, store, state, source):
    with pytest.raises(ParamError, match=r"cannot be a name; use up to 64 of a-z, 0-9, _ and -"):
        list(import_files([str(write(CSV))], source=source, store=store, state=state))


def test_a_file_knows_its_size_and_when_it_was_written(write):
    path = write(CSV)
    [file] = find_files([str(path)])
    assert file.bytes == len(CSV)
    assert file.modified_at == datetime.fromtimestamp(path.stat().st_mtime, UTC)


# Telling apart

JSONL = '{"id": "1", "text": "a"}\n{"id": "2", "text": "b"}\n'


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", CSV, "csv"), ("a.tsv", CSV, "csv"), ("a", CSV, "csv"), ("a.txt", CSV, "csv"),
        ("a.json", JSONL, "jsonl"), ("a.jsonl", JSONL, "jsonl"), ("a.ndjson", JSONL, "jsonl"), ("a", JSONL, "jsonl"),
        ("a.txt", JSONL, "jsonl"), ("a.json", "[" + JSONL.strip().replace("\n", ",\n") + "]", "json"),
        ("a.jsonl", json.dumps([{"id": 1}], indent=1), "json"), ("a.json", json.dumps({"data": [{"id": 1}]}, indent=1), "json"),
        ("a.jsonl", json.dumps({"data": [{"id": 1}]}, indent=1), "json"), ("a.json", '{"id": "1"}', "jsonl"),
        ("a.jsonl", '{"id": "1", "te\n' + JSONL, "jsonl"), ("a.jsonl", "garbage\n" + JSONL, "jsonl"),
        ("a.json", json.dumps({"id": "1", "text": "x" * 100_000}), "jsonl"), ("a.csv", "[a],b\n1,2\n", "csv"),
        ("a.csv", "{id},text\n1,2\n", "csv"),
    ],
)  # fmt: skip
def test_what_a_file_holds_is_told_from_its_content_and_its_name(write, name, content, kind):
    [file] = find_files([str(write(content, name))])
    assert detect_format(file) == kind


# Packed


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
@pytest.mark.parametrize("name", ["posts.csv.gz", "posts.csv.zst", "posts.csv", "posts"])
def test_packed_files_are_known_by_their_content_whatever_their_name(import_text, pack, name):
    _, posts = import_text(pack(CSV.encode()), name)
    assert len(posts) == 50


def test_several_packed_parts_one_behind_the_other_are_one_file(import_text):
    _, posts = import_text(gzip.compress(CSV.encode()) + gzip.compress(b"99,more\n"), "a.csv.gz")
    assert len(posts) == 51


def test_several_zstd_frames_one_behind_the_other_are_one_file(import_text):
    _, posts = import_text(zstd(CSV.encode()) + zstd(b"99,more\n"), "a.csv.zst")
    assert len(posts) == 51


LONG = ("id,text\n" + "".join(f"{k},text number {k * k}\n" for k in range(30_000))).encode()


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
@pytest.mark.parametrize("left", [10, 1_000, -1, -9, -200])
def test_a_packed_file_that_ends_early_is_refused_whole(import_text, store, pack, left):
    with pytest.raises(ReadError, match=r"posts.csv.(gz|zst) (ends early|is damaged)"):
        import_text(pack(LONG)[:left], "posts.csv.gz" if pack is gzip.compress else "posts.csv.zst")
    assert not store.exists() or store.read("imports").num_rows == 0


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_packed_file_that_is_damaged_is_refused_whole(import_text, store, pack):
    content = bytearray(pack(LONG))
    content[len(content) // 2 : len(content) // 2 + 50] = b"\x55" * 50
    with pytest.raises(ReadError, match=r"(ends early|is damaged)"):
        import_text(bytes(content), "posts.csv.gz")
    assert store.read("imports").num_rows == 0


# No posts


@pytest.mark.parametrize(
    "content", [b"", b"\n\n ", b"\xef\xbb\xbf", b"\xff\xfe", gzip.compress(b"", mtime=0)]
)
def test_an_empty_file_is_refused(import_text, content):
    with pytest.raises(ReadError, match=r"posts.csv is empty"):
        import_text(content)


def archive(kind):
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr("a.csv", CSV)
    else:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("a.csv"))
    return file.getvalue()


BINARY = {
    "picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89",
    "zip": archive("zip"),
    "tar": archive("tar"),
    "sqlite": b"SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20\x00\x00\x00\x02" + b"\x00" * 80,
    "zeros": b"\x00" * 1_000,
    "utf-16 without a mark": CSV.encode("utf-16-le"),
}


@pytest.mark.parametrize("kind", BINARY)
def test_a_binary_file_named_csv_is_refused(import_text, kind):
    with pytest.raises(
        ReadError, match=r"posts.csv holds no text.*its first bytes are [0-9a-f]{2} .*Give a CSV"
    ):
        import_text(BINARY[kind])


def test_a_file_that_may_not_be_read_is_one_sentence(write, take_in, monkeypatch):
    import os

    path = write(CSV)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(ReadError, match=r"cannot be read: Permission denied"):
        take_in(path)


def test_a_first_line_that_is_a_post_is_not_taken_for_names_of_columns(write, take_in):
    path = write(
        "1,My name is Jane and I hate it,2024-01-01T00:00:00Z\n2,fine,2024-01-02T00:00:00Z\n"
    )
    with pytest.raises(ReadError, match="looks like a post and not like names of columns") as told:
        take_in(path)
    assert "Jane" not in str(told.value)


@pytest.mark.parametrize(
    "header",
    [
        "When,How do you feel about our service?,What could we do better next time?",
        "2015,2016,text",
    ],
)
def test_a_first_line_of_questions_or_of_years_is_one_of_names(write, take_in, header):
    columns = header.split(",")
    receipt = take_in(write(f"{header}\n1,good,bad\n"), mapping={"text": columns[1]})
    assert receipt.values["rows_new"] == 1
