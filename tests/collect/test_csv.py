"""CSV files of any delimiter, quoting and line end; a broken row costs itself and no other."""

import csv
import io
import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.collect.csv_rows import Dialect, detect_dialect
from murmuration.errors import ReadError

TRICKY = 'a "quoted" word, a comma; a\ttab | bar\nand a second line, it\'s \\ all\u2028here'


def rows_as(dialect_options, rows, newline="\n"):
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=newline, **dialect_options)
    writer.writerows([["id", "text", "airline"], *rows])
    return file.getvalue()


def bad_rows(content):
    return [(row.row, row.reason, row.unread) for row in content.bad]


# Delimiters, quoting, line ends


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x01"])
@pytest.mark.parametrize(
    "quoting",
    [
        {"quoting": csv.QUOTE_MINIMAL},
        {"quoting": csv.QUOTE_ALL},
        {"quoting": csv.QUOTE_NONNUMERIC, "quotechar": "'"},
        {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
    ],
    ids=["minimal", "all", "apostrophes", "backslashes"],
)
def test_any_delimiter_and_quoting_is_recognised(read, delimiter, quoting):
    rows = [[str(k), f"{TRICKY} {k}", "United"] for k in range(30)]
    content = read(rows_as({"delimiter": delimiter} | quoting, rows))
    assert content.bad == []
    assert {post["text"] for post in content.posts.values()} == {row[1] for row in rows}
    assert dict(content.posts["7"]["extra"]) == {"airline": "United"}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", [True, False], ids=["closed", "open end"])
def test_any_line_end_is_recognised(read, newline, end):
    rows = [[str(k), f"text {k}", "x"] for k in range(5)]
    content = rows_as({}, rows, newline)
    content = read(content if end else content.removesuffix(newline))
    assert sorted(content.posts) == ["0", "1", "2", "3", "4"]
    assert content.posts["4"]["text"] == "text 4"


def test_line_ends_inside_quotes_stay_as_they_are(read):
    content = read('id,text\n1,"one\ntwo\r\nthree\rfour\u2028five\x85six"\n2,b\n')
    assert content.posts["1"]["text"] == "one\ntwo\r\nthree\rfour\u2028five\x85six"
    assert content.posts["2"]["text"] == "b"


def test_separators_of_unicode_outside_quotes_end_no_row(read):
    content = read("id,text\n1,a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\n2,b\n")
    assert content.posts["1"]["text"] == "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"


def test_empty_lines_are_no_rows(read):
    content = read("id,text\n\n1,a\n\n\n2,b\n\n")
    assert content.rows == 2


def test_one_column_is_enough(read):
    content = read('text\nhello, world\n"quoted; yes"\nit\'s 5" long\n')
    assert {post["text"] for post in content.posts.values()} == {
        "hello, world", "quoted; yes", 'it\'s 5" long',
    }  # fmt: skip
    assert content.shape == "CSV (one column, utf-8)"


def test_a_given_delimiter_is_taken_at_its_word(read):
    content = read("id;text,a\n1;x,y\n", delimiter=";", mapping={"text": "text,a"})
    assert content.posts["1"]["text"] == "x,y"


@pytest.mark.parametrize("text", ["'tis the season", "'ello", "'quoted'", "''"])
def test_an_apostrophe_that_begins_a_text_is_no_quotation_mark(read, text):
    rows = "".join(f"{k},plain {k},x\n" for k in range(50))
    content = read(f"id,text,airline\n99,{text},x\n{rows}")
    assert content.posts["99"]["text"] == text
    assert len(content.posts) == 51


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@settings(max_examples=60)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=12),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_whatever_the_csv_module_writes_is_found_in_as_many_columns(rows, delimiter, quoting):
    sample = rows_as({"delimiter": delimiter, "quoting": quoting}, rows)
    found = detect_dialect(sample, delimiter)
    assert (found.delimiter, found.quote) in ((delimiter, '"'), (delimiter, "'"))
    if quoting == csv.QUOTE_ALL:
        assert found == Dialect(delimiter)


# Broken rows


def test_a_stray_quotation_mark_costs_its_row_only(read):
    rows = [f'{k},"text, {k}"' for k in range(100)]
    rows[10] = '10,"never closed'
    rows[50] = '50,"closed" too early'
    rows[90] = '90,"a "word" inside"'
    content = read("id,text\n" + "\n".join(rows) + "\n")
    assert len(content.posts) == 97
    assert content.posts["11"]["text"] == "text, 11"
    assert [(row, content) for row, _, content in bad_rows(content)] == [
        (12, rows[10]), (52, rows[50]), (92, rows[90]),
    ]  # fmt: skip
    assert all(reason.startswith("broken quoting: ") for _, reason, _ in bad_rows(content))
    assert len(content.bad) == 3


def test_a_mark_left_open_swallows_no_more_than_five_hundred_lines(read):
    rows = [f"{k},text {k}" for k in range(2_000)]
    rows[1_000] = '1000,"open'
    content = read("id,text\n" + "\n".join(rows) + "\n")
    assert len(content.posts) == 1_999
    assert bad_rows(content) == [
        (1002, "broken quoting: the row has a quotation mark that is never closed", '1000,"open')
    ]


def test_a_mark_left_open_at_the_end_costs_the_last_row_only(read):
    rows = "".join(f"{k},text {k}\n" for k in range(20))
    content = read("id,text\n" + rows + '20,"open')
    assert len(content.posts) == 20
    assert len(content.bad) == 1


def test_a_wrong_number_of_columns_is_said_by_row(read):
    rows = [f"{k},text {k},x" for k in range(20)]
    rows[3], rows[7] = "3,too few", "7,one,too,many"
    content = read("id,text,airline\n" + "\n".join(rows) + "\n")
    assert len(content.posts) == 18
    assert bad_rows(content) == [
        (5, "2 columns, but the first line names 3", "3,too few"),
        (9, "4 columns, but the first line names 3", "7,one,too,many"),
    ]


def test_rows_are_counted_by_line_also_behind_texts_of_several_lines(read):
    rows = ['1,"a\nb\nc"', "2,x", "broken", *(f"{k},y" for k in range(3, 9))]
    content = read("id,text\n" + "\n".join(rows) + "\n")
    assert [row for row, _, _ in bad_rows(content)] == [6]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_row_of_ten_megabytes_is_set_aside_and_the_others_stay(read, newline):
    rows = [f"{k},text {k}" for k in range(10)]
    rows[4] = "4," + "x" * (10 << 20)
    content = read(newline.join(["id,text", *rows, ""]))
    assert len(content.posts) == 9
    [(row, reason, content)] = bad_rows(content)
    assert (row, reason) == (6, "broken quoting: the row is longer than 8 million characters")
    assert len(content) == 2_000


def test_a_text_of_more_than_a_million_characters_is_no_post(read):
    rows = [f"{k},text {k}" for k in range(10)]
    rows[4] = "4," + "x" * 1_000_001
    content = read("\n".join(["id,text", *rows]))
    assert len(content.posts) == 9
    assert bad_rows(content)[0][1] == "the text is longer than a million characters"


# First lines


@pytest.mark.parametrize("content", ["id,text\n", "id,text", "\ufeffid,text\n\n\n"])
def test_a_first_line_alone_is_no_file_of_posts(import_text, content):
    with pytest.raises(ReadError, match=r"has column names but no rows"):
        import_text(content)


@pytest.mark.parametrize("content", [",,,\n1,2,3,4\n", '"",""\n1,2\n'])
def test_a_first_line_without_names_is_refused(read, content):
    with pytest.raises(ReadError, match=r"names no columns"):
        read(content)


def test_a_first_line_that_cannot_be_read_is_refused(read):
    with pytest.raises(ReadError, match=r"cannot be read as column names"):
        read('id,"text\n' + "1,a\n" * 3)


def test_blanks_around_names_and_empty_names_do_not_matter(read):
    content = read("\ufeff id , text ,,x\n1,a,b,c\n")
    assert content.posts["1"]["text"] == "a"
    assert dict(content.posts["1"]["extra"]) == {"column_3": "b", "x": "c"}


def test_two_columns_of_one_name_are_numbered_where_nothing_depends_on_them(read):
    content = read("id,text,x,x,x\n1,a,b,c,d\n")
    assert dict(content.posts["1"]["extra"]) == {"x": "b", "x.2": "c", "x.3": "d"}


# Odd characters


def test_nul_bytes_survive_in_texts_and_in_ids(read):
    rows = "".join(f"{k},b\n" for k in range(3))
    content = read(f"id,text\na\0b,x\0y\n{rows}")
    assert content.posts["a\0b"]["text"] == "x\0y"
    assert len(content.posts) == 4


def test_empty_cells_are_unknown(read):
    content = read("id,text,likes,lang,x\n1,a,,,\n")
    assert content.posts["1"]["like_count"] is None
    assert content.posts["1"]["extra"] is None


# Width


def test_ten_thousand_columns_are_read_in_bounded_memory(import_text):
    names = [f"c{k}" for k in range(10_000)]
    rows = "\n".join(f"{k},text {k}," + "," * 9_999 for k in range(500))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, posts = import_text("id,text," + ",".join(names) + "\n" + rows + "\n1x,b," + ",".join(names))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(posts) == 501
    assert len(posts["1x"]["extra"]) == 10_000
    assert posts["1"]["extra"] is None
    assert (after - before) / 1024 < 400  # MB
