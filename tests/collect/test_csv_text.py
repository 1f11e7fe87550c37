"""Blocks that Arrow reads hold what `csv` would have read, row for row and line for line."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from murmuration.collect import csv_text
from murmuration.collect.csv_rows import Dialect, Lines, Row, read_rows
from murmuration.collect.csv_text import CsvText

# What decides between rows and fields, and a few letters of one to four bytes; \udcff is a byte that is no UTF-8.
PIECES = st.sampled_from(
    [
        ",",
        ",",
        "\n",
        "\n",
        '"',
        '"',
        '""',
        '"\n',
        ',"',
        '",',
        "\r\n",
        "\r",
        "\0",
        "a",
        "b c",
        "é",
        "\ufeff",
        "\u2028",
        "😀",
        "\udcff",
        ";",
        "'",
        "\\",
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)
DIALECTS = [Dialect(","), Dialect(";"), Dialect(",", "'"), Dialect(",", '"', "\\")]


def by_rows(text, dialect, width):
    lines = Lines(io.StringIO(text, newline="").readlines())
    rows = list(read_rows(lines, dialect, width=width))
    good = [(row.line, row.values) for row in rows if isinstance(row, Row)]
    return good, [(row.row, row.unread) for row in rows if not isinstance(row, Row)]


def by_blocks(text, dialect, width, encoding="utf-8"):
    data = text.encode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
    content = CsvText(io.BytesIO(data), encoding, dialect, width)
    good, bad, blocks = [], [], 0
    while not content.ended:
        block = content.block()
        if block is not None:
            blocks += 1
            values = zip(*(column.to_pylist() for column in block.columns), strict=True)
            good += zip(block.lines.tolist(), map(list, values), strict=True)
            continue
        for row in read_rows(content, dialect, width=width):
            if isinstance(row, Row):
                good.append((row.line, row.values))
            else:
                bad.append((row.row, row.unread))
            if content.may_be_block:
                break
    return good, bad, blocks


@pytest.mark.parametrize("sizes", [(1 << 22, 1 << 16), (40, 8)], ids=["one block", "small blocks"])
@settings(max_examples=250)
@given(text=TEXTS, width=st.integers(1, 3), dialect=st.sampled_from(DIALECTS))
@example(text='a,"b\n', width=2, dialect=DIALECTS[0])
@example(text='a,b""\nc,d\n', width=2, dialect=DIALECTS[0])
@example(text='"a""",b\n\n\r\n"",\n', width=2, dialect=DIALECTS[0])
@example(text='a,"b" c\nd,e\n', width=2, dialect=DIALECTS[0])
@example(text='a,"b\r\nc"\nd,e', width=2, dialect=DIALECTS[0])
@example(text='"a"\r', width=1, dialect=DIALECTS[0])
@example(text="\\\r", width=1, dialect=DIALECTS[3])
def test_any_text_gives_the_rows_that_csv_gives(sizes, text, width, dialect):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_text, "BLOCK_BYTES", sizes[0])
        patch.setattr(csv_text, "_PIECE_BYTES", sizes[1])
        *found, _ = by_blocks(text, dialect, width)
    # The first mark of byte order says how the file is encoded.
    assert tuple(found) == by_rows(text.removeprefix("\ufeff"), dialect, width)


def written(rows, **options):
    file = io.StringIO()
    csv.writer(file, **options).writerows(rows)
    return file.getvalue()


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_comes_as_one_block(rows, quoting, newline):
    clean = [[cell.translate({0: None, 13: None, 0xDCFF: None}) for cell in row] for row in rows]
    good, bad, blocks = by_blocks(
        written(clean, quoting=quoting, lineterminator=newline), Dialect(","), 2
    )
    assert [values for _, values in good] == clean
    assert (bad, blocks) == ([], 1)


def test_a_few_broken_rows_leave_most_to_blocks():
    rows = [f'{k},"text, {k}"\n' for k in range(60_000)]
    for place in (100, 30_000, 59_990):
        rows[place] = f'{place},a "stray" mark", here\n'
    text = "".join(rows)
    good, bad, blocks = by_blocks(text, Dialect(","), 2)
    assert (good, bad) == by_rows(text, Dialect(","), 2)
    assert len(bad) == 3
    assert blocks >= 3


@pytest.mark.parametrize("shift", range(4))
def test_line_ends_inside_quotes_are_whole_wherever_arrow_cuts_a_block(shift):
    rows = [f'{k},"one\r\ntwo\r\n\r\n"\r\n' for k in range(80_000)]
    text = "x" * shift + ',"h"\r\n' + "".join(rows)
    good, bad, blocks = by_blocks(text, Dialect(","), 2)
    assert {values[1] for _, values in good[1:]} == {"one\r\ntwo\r\n\r\n"}
    assert (len(good), bad, blocks) == (80_001, [], 1)


def test_a_mark_of_byte_order_inside_a_text_stays(monkeypatch):
    monkeypatch.setattr(csv_text, "_PIECE_BYTES", 8)
    text = "".join(f"\ufeff{k},x\n" for k in range(100))
    good, bad, _ = by_blocks("id,y\n" + text, Dialect(","), 2)
    assert [values for _, values in good[1:]] == [[f"\ufeff{k}", "x"] for k in range(100)]
    assert bad == []


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig", "latin-1"])
def test_other_encodings_come_as_blocks_as_well(encoding):
    text = "".join(f'{k},"café, {k}"\r\n' for k in range(500))
    good, bad, blocks = by_blocks(text, Dialect(","), 2, encoding)
    assert good == [(k + 1, [str(k), f"café, {k}"]) for k in range(500)]
    assert (bad, blocks) == ([], 1)


def test_a_line_longer_than_any_row_costs_itself_only(monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK_BYTES", 256)
    monkeypatch.setattr(csv_text, "_PIECE_BYTES", 32)
    monkeypatch.setattr(csv_text, "_LONGEST_LINE", 1_000)
    monkeypatch.setattr("murmuration.collect.csv_rows.MAX_ROW_CHARS", 250)
    text = "a,b\n" + "x" * 5_000 + ",y\r\nc,d\n"
    good, bad, _ = by_blocks(text, Dialect(","), 2)
    assert good == [(1, ["a", "b"]), (3, ["c", "d"])]
    assert [number for number, _ in bad] == [2]
