"""Files in any encoding, also in two at once."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.collect.encoding import detect_encoding, read_stray_bytes
from murmuration.collect.raw import STRAY_BYTES
from murmuration.errors import ReadError

WORDS = "Käse für 3 € – schön, n’est-ce pas? Žluťoučký kůň; 日本語 👍🏽"
CSV = f"id,text\n1,{WORDS.replace(',', '')}\n"


@pytest.mark.parametrize("name", ["posts.csv", "posts.json", "posts.jsonl"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_say_the_encoding(read, name, encoding):
    plain = WORDS.replace(",", "")
    content = {
        "posts.csv": CSV,
        "posts.json": f'[{{"id": "1", "text": "{plain}"}}]',
        "posts.jsonl": f'{{"id": "1", "text": "{plain}"}}\n',
    }[name]
    content = read(content.encode(encoding), name)
    assert content.posts["1"]["text"] == plain
    assert content.mapping["post_id"] == "id"
    assert content.notes == {}


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_both_orders_of_utf_16_are_read(read, mark):
    order = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    content = read(mark + CSV.encode(order))
    assert content.posts["1"]["text"] == WORDS.replace(",", "")


@pytest.mark.parametrize("name", ["posts.csv", "posts.json", "posts.jsonl"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "cp1251", "shift_jis"])
def test_a_given_encoding_is_taken_at_its_word(read, name, encoding):
    text = "日本" if encoding == "shift_jis" else "привет"
    content = {
        "posts.csv": f"id,text\n1,{text}\n",
        "posts.json": f'[{{"id": "1", "text": "{text}"}}]',
        "posts.jsonl": f'{{"id": "1", "text": "{text}"}}\n',
    }[name]
    content = read(content.encode(encoding), name, encoding=encoding)
    assert content.posts["1"]["text"] == text


@pytest.mark.parametrize("name", ["posts.csv", "posts.json", "posts.jsonl"])
@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13"])
def test_an_encoding_that_is_none_is_one_sentence(read, name, encoding):
    content = '[{"id": "1", "text": "a"}]' if name != "posts.csv" else CSV
    with pytest.raises(ReadError, match=f"no encoding '{encoding}'. Usual ones are"):
        read(content, name, encoding=encoding)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (
            "cp1252",
            "Das Frühstück war köstlich, der Service jedoch überhaupt nicht – schön für 3 €",
        ),
        ("cp1252", "La réservation a été annulée à la dernière minute, c’est très décevant"),
        ("cp1252", "El avión salió con retraso y nadie explicó nada, qué lástima, señores"),
        ("cp1252", "Jag älskar den här produkten, den är så bra på många sätt"),
        ("cp1250", "Žluťoučký kůň úpěl ďábelské ódy, letadlo mělo zpoždění dvě hodiny"),
        ("cp1250", "Zażółć gęślą jaźń, lot był opóźniony o trzy godziny i nikt nic nie wyjaśnił"),
        ("cp1251", "Самолёт опоздал на три часа, и никто ничего не объяснил пассажирам"),
        ("shift_jis", "飛行機が三時間も遅れたのに、誰も何も説明してくれませんでした"),
    ],
)
def test_old_encodings_are_detected(read, encoding, text):
    rows = "".join(f"{k},{text} {k}\n" for k in range(40)).replace(", ", "; ")
    content = read(f"id,text\n{rows}".encode(encoding))
    assert content.posts["7"]["text"] == f"{text} 7".replace(", ", "; ")


def test_rows_in_another_encoding_than_the_file_are_mended_and_counted(read):
    lines = [f"{k},schön {k}".encode() for k in range(20)] + ["20,schön “20”".encode("cp1252")]
    content = read(b"id,text\n" + b"\n".join(lines) + b"\n")
    assert content.posts["3"]["text"] == "schön 3"
    assert content.posts["20"]["text"] == "schön “20”"
    assert content.notes == {STRAY_BYTES: 1}


def test_records_in_another_encoding_are_mended_and_counted(read):
    lines = [b'{"id": "1", "text": "sch\xc3\xb6n"}', b'{"id": "2", "text": "sch\xf6n"}']
    content = read(b"\n".join(lines), "posts.jsonl")
    assert {post["text"] for post in content.posts.values()} == {"schön"}
    assert content.notes == {STRAY_BYTES: 1}


def test_a_stranger_behind_the_sample_is_mended_as_well(read):
    rows = "".join(f"{k},plain words number {k}\n" for k in range(12_000)).encode()
    content = read(b"id,text\n" + rows + "99999,schön\n".encode("cp1252"))
    assert content.posts["99999"]["text"] == "schön"


def test_a_character_cut_at_the_end_of_the_sample_says_nothing():
    assert detect_encoding("häh".encode()[:-2]) == "utf-8"
    assert detect_encoding("日本".encode()[:4]) == "utf-8"


def test_bytes_that_no_encoding_has_are_replaced():
    assert read_stray_bytes("a\udc81b") == "a\ufffdb"


@given(st.binary(max_size=200))
def test_any_bytes_give_an_encoding_that_decodes(start):
    start.decode(detect_encoding(start), "replace")


@given(st.text(st.characters(codec="utf-8")))
def test_utf_8_is_known_as_what_it_is(text):
    assert detect_encoding(text.encode()) in ("utf-8", "utf-8-sig", "utf-16", "utf-32")
    if not text.startswith("\ufeff"):
        assert detect_encoding(text.encode()) == "utf-8"
