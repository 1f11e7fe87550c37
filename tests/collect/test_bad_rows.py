"""Bad rows of what was forgotten are told from the others, whole or broken."""

import json

import pyarrow as pa
import pytest

from murmuration.collect.bad_rows import drop_forgotten
from murmuration.collect.raw import BadRow
from murmuration.store.tombstones import Tombstones

NAMES = ["778899", "zz-victim", "at://did:plc:x/app.bsky.feed.post/3k", "Ann O'Hara", "日本"]


@pytest.fixture
def forgotten(store):
    """Tombstones for posts and authors of the source "test", without a store around them."""

    def run(*, post=None, author=None):
        hide, keys = store.pseudonyms.hidden_key, {}
        if post is not None:
            keys["test", "post"] = pa.array([hide("post", "test", post)])
        if author is not None:
            pseudonym = store.pseudonyms.author_key("test", author)
            keys["test", "author"] = pa.array([hide("author", "test", pseudonym)])
        return Tombstones(store.pseudonyms, keys)

    return run


BROKEN = {
    "too many cells.csv": "id,user_id,text\n1,amy,hi\n{post},{author},quokka,broken\n",
    "quoted cells.csv": 'id,user_id,text\n1,amy,hi\n"{post}","{author}",quokka,"bro, ken"\n',
    "too few cells.csv": "id;text;user_id\n1;hi;amy\n {post} ; @{author} \n",
    "tabs.tsv": "id\tuser_id\ttext\n1\tamy\thi\n{post}\t{author}\tquokka\tbroken\n",
    "breaks off.jsonl": '{{"id":"1","text":"a"}}\n{{"id":"{post}","user_id":"{author}","text":"quok',
    "nested.jsonl": '{{"id":"1","text":"a"}}\n{{"user":{{"id": "{author}"}},"post": "{post}","x":"quok',
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("file", BROKEN)
def test_a_row_that_cannot_be_taken_apart_goes_if_it_names_what_was_forgotten(
    read, forgotten, file, name
):
    for kind in ("post", "author"):
        ids = {"post": "id-4", "author": "someone"} | {kind: name}
        bad = read(BROKEN[file].format(**ids), file).bad
        assert len(bad) == 1
        assert drop_forgotten(bad, forgotten(**{kind: name}), source="test") == []
        assert drop_forgotten(bad, forgotten(**{kind: "another"}), source="test") == bad
        assert drop_forgotten(bad, forgotten(**{kind: name}), source="other") == bad


def test_an_id_is_found_as_json_writes_it(forgotten):
    for name in (*NAMES, 'say "hi"', "back\\slash"):
        for as_ascii in (True, False):
            content = '{"id": ' + json.dumps(name, ensure_ascii=as_ascii) + ', "text": "quok'
            row = BadRow(1, "broken", content)
            assert drop_forgotten([row], forgotten(post=name), source="test") == []


@pytest.mark.parametrize("space", ["\n", "\t", "\r\n"])
def test_an_id_behind_a_line_break_as_json_writes_it_is_found(forgotten, space):
    row = BadRow(1, "broken", '{"text": ' + json.dumps(f"see{space}quokka, then") + ', "cut')
    assert drop_forgotten([row], forgotten(author="quokka"), source="test") == []


def test_an_id_inside_a_longer_one_is_not_taken_for_it(forgotten):
    rows = [BadRow(1, "broken", text) for text in ("121,id-77,x", "text 1 2", "id-,7", "Id-7", "")]
    assert drop_forgotten(rows, forgotten(post="id-7", author="12"), source="test") == rows


def test_a_row_whose_ids_were_read_goes_by_them_alone(forgotten, store):
    key = store.pseudonyms.author_key
    rows = [
        BadRow(1, "late", "x", post_id="id-7"),
        BadRow(2, "late", "x", post_id="id-8", author_key=key("test", "ann")),
        BadRow(3, "late", "x", author_key=key("test", "ann")),
        BadRow(4, "late", "answers id-7 of ann", post_id="id-9", author_key=key("test", "bob")),
    ]
    kept = drop_forgotten(rows, forgotten(post="id-7", author="ann"), source="test")
    assert [row.row for row in kept] == [4]
