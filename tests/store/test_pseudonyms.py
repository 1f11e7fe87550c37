import hashlib
import hmac
import json
import os
import stat
import string
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.errors import SettingsError, StoreError
from murmuration.settings import get_settings, load_settings
from murmuration.store import Pseudonyms, Store, load_posts, open_store
from murmuration.store.pseudonyms import NO_KEY, load_pseudonyms

KEY = "0123456789abcdef-secret"
ROW = {"id": "1", "created_at": "2026-01-05", "text": "one", "author": "ann"}


@pytest.fixture
def settings_with(tmp_path):
    def make(**values):
        environ = {f"MURMURATION_{name}": str(value) for name, value in values.items()}
        return load_settings(
            {"MURMURATION_STATE": str(tmp_path / "state")} | environ, start=tmp_path
        )

    return make


@given(source=st.text(), author=st.text())
def test_it_is_the_keyed_hash_that_the_design_names(source, author):
    expected = hmac.new(
        b"k" * 32, source.encode() + b"\x00" + author.encode(), hashlib.sha256
    ).hexdigest()
    keys = Pseudonyms(b"k" * 32)
    assert keys.author_key(source, author) == expected[:32]
    assert keys.author_keys(source, [author, author]) == {author: expected[:32]}


def test_another_key_or_source_gives_another_pseudonym():
    one, two = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    found = {one.author_key("a", "x"), two.author_key("a", "x"), one.author_key("b", "x")}
    assert len(found) == 3
    hidden = {one.hidden_key(kind, "a", "x") for kind in ("post", "author")}
    assert len(hidden | found) == 5


def test_the_key_is_made_at_first_use_for_its_owner_only(settings_with, tmp_path):
    old = os.umask(0)
    try:
        first = load_pseudonyms(settings_with())
    finally:
        os.umask(old)
    path = tmp_path / "state" / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first.key) == 64
    assert set(first.key.decode()) <= set(string.hexdigits)
    assert load_pseudonyms(settings_with()) == first
    assert [one.name for one in path.parent.iterdir()] == ["key"]


def test_many_that_race_get_one_key(settings_with, tmp_path):
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_pseudonyms, [settings_with()] * 64))
    assert len({one.key for one in keys}) == 1
    assert [one.name for one in (tmp_path / "state").iterdir()] == ["key"]


def test_many_processes_that_race_get_one_key(settings_with, tmp_path, apart):
    code = """
    from pathlib import Path
    from murmuration.store.pseudonyms import load_pseudonyms
    import os, time
    time.sleep(max(0, start - time.time()))
    out.with_name(f"seen-{os.getpid()}").write_bytes(load_pseudonyms(settings).key)
    """
    (tmp_path / "out").mkdir()
    names = {"settings": settings_with(), "out": tmp_path / "out" / "x", "start": time.time() + 0.5}
    waits = [apart(code, **names) for _ in range(8)]
    assert [wait() for wait in waits] == [0] * 8
    seen = [path.read_bytes() for path in (tmp_path / "out").iterdir()]
    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert [one.name for one in (tmp_path / "state").iterdir()] == ["key"]


def test_the_environment_wins_and_makes_no_file(settings_with, tmp_path):
    from_file = load_pseudonyms(settings_with())
    from_environment = load_pseudonyms(settings_with(KEY=KEY))
    assert from_environment.key == KEY.encode() != from_file.key
    (tmp_path / "state" / "key").unlink()
    load_pseudonyms(settings_with(KEY=KEY))
    assert not (tmp_path / "state" / "key").exists()


def test_a_short_key_is_refused_without_being_shown(settings_with):
    with pytest.raises(SettingsError, match="has 7 characters, but a key needs 16") as caught:
        load_pseudonyms(settings_with(KEY="hunter2"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"0123", "ключ".encode()])
def test_a_damaged_key_file_is_refused(settings_with, tmp_path, content):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "key").write_bytes(content)
    with pytest.raises(SettingsError, match="is cut short"):
        load_pseudonyms(settings_with())


def test_a_state_folder_that_cannot_be_used_is_one_sentence(settings_with, tmp_path):
    (tmp_path / "state").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match="Set MURMURATION_STATE to a folder"):
        load_pseudonyms(settings_with())


def test_a_store_refuses_another_key_than_it_was_made_with(put, store):
    put([ROW])
    stranger = Store(store.location, Pseudonyms(b"another key, as long as the first"))
    with pytest.raises(StoreError, match="made with another workspace key"):
        load_posts(store=stranger)
    with pytest.raises(StoreError, match="made with another workspace key"):
        put([ROW], into=stranger)
    assert len(load_posts(store=store)) == 1


def test_the_key_is_never_shown_nor_written_into_the_store(put, store, holders, settings_with):
    put([ROW])
    secret = store.pseudonyms.key.decode()
    shown = [repr(store), str(store), repr(store.pseudonyms), repr(settings_with(KEY=KEY))]
    shown.append(f"{load_pseudonyms(settings_with(KEY=KEY))}")
    assert not any(secret in text or KEY in text for text in shown)
    assert holders(secret) == []
    assert "ann" not in json.dumps(load_posts(store=store).compute().astype(str).to_dict())


def test_the_fingerprint_tells_keys_apart_and_is_no_pseudonym():
    one, two = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    assert one.fingerprint != two.fingerprint
    assert len(one.fingerprint) == 16
    assert NO_KEY.fingerprint not in (one.fingerprint, two.fingerprint)


def test_the_store_of_the_workspace_uses_the_key_of_its_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("MURMURATION_KEY", KEY)
    get_settings.cache_clear()
    store = open_store()
    assert store.pseudonyms == Pseudonyms(KEY.encode())
    assert store.location == str(tmp_path / "store")
