import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.request import Request, urlopen
from uuid import uuid4

import fsspec
import pytest

from murmuration.collect import ImportOptions, import_files
from murmuration.errors import StoreError
from murmuration.store import (
    Store,
    delta,
    find_time_range,
    list_sources,
    load_labels,
    load_posts,
    save_labels,
)
from murmuration.store.doctor import examine
from murmuration.store.forget import forget
from murmuration.store.upkeep import compact, vacuum

LATER = datetime(2026, 4, 1, tzinfo=UTC)


def post(number, day="2026-01-05", text=None, author="ann"):
    name, text = str(number), text or f"post {number}"
    return {"id": name, "created_at": day, "text": text, "author": author, "likes": number}


def test_imports_and_erasure_give_the_same_tables_as_on_a_folder(
    on_s3, store, state, take_in, write_csv, rows_of, problems
):
    first = write_csv([post(1), post(2, author="bob"), post(3, "?")], "a.csv")
    second = write_csv([post(1, text="edited")], "b.csv")

    def history(at):
        new = take_in(first, into=at, max_bad_share=0.5).values["rows_new"]
        again = take_in(second, into=at, observed_at=LATER).values["rows_new"]
        gone = forget(at, state, source="test", author="bob")
        return [new, again, gone, rows_of(at), problems(at)]

    assert history(on_s3) == history(store)


@pytest.mark.soak
def test_everything_gives_the_same_tables_as_on_a_folder(
    on_s3, store, state, take_in, write_csv, rows_of, problems
):
    first = write_csv(
        [post(1), post(2, author="bob"), post(3, "?"), post(4, "2026-02-05")], "a.csv"
    )
    second = write_csv([post(1, text="edited"), post(5, "")], "b.csv")

    def history(at):
        seen = []
        for path, when in ((first, None), (second, LATER), (first, None)):
            options = {"observed_at": when} if when else {}
            receipt = take_in(path, into=at, max_bad_share=0.5, **options)
            seen.append((receipt.repeated, receipt.values["rows_new"]))
        seen += [rows_of(at, since="2026-02-01"), find_time_range(store=at), list_sources(at)]
        seen += [rows_of(at), rows_of(at, as_of=1)]
        seen.append(compact(at, state))
        seen.append(vacuum(at, {"posts": [1]}, keep_days=0))
        seen += [rows_of(at), rows_of(at, as_of=1)]
        seen.append(forget(at, state, source="test", author="bob"))
        seen += [rows_of(at), rows_of(at, as_of=1), problems(at)]
        seen.append(at.read("quarantine").drop_columns(["import_id"]).to_pylist())
        return seen

    assert history(on_s3) == history(store)


def test_nothing_of_what_is_forgotten_is_left_in_the_bucket(
    on_s3, state, take_in, write_csv, holders, tmp_path
):
    take_in(write_csv([post(1, text="quokka secret", author="zz-victim"), post(2)]), into=on_s3)
    forget(on_s3, state, source="test", author="zz-victim")
    on_s3.files.get(on_s3.location, str(tmp_path / "copy"), recursive=True)
    assert holders("post 2", tmp_path / "copy")
    assert holders("quokka", tmp_path / "copy") == []


def test_two_sources_imported_at_once_are_both_there(on_s3, tmp_path, write_csv, rows_of):
    def run(name):
        path = write_csv([post(n) for n in range(5)], f"{name}.csv")
        # Another STATE each, as on two machines.
        given = {"store": on_s3, "state": tmp_path / name, "options": ImportOptions()}
        return list(import_files([str(path)], source=name, **given))

    run("zero")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, ["one", "two"]))
    assert len(rows_of(on_s3)) == 15


def said_by(action):
    """What is said, and within how many seconds."""
    started = time.monotonic()
    with pytest.raises(StoreError) as caught:
        action()
    text = str(caught.value)
    assert "\n" not in text
    assert "\x1b" not in text
    return text, time.monotonic() - started


def actions(store, state, path):
    """What people do with a store."""
    given = {"store": store, "state": state, "options": ImportOptions()}
    return [
        lambda: list(import_files([str(path)], source="test", **given)),
        lambda: load_posts(store=store),
        lambda: compact(store, state),
        lambda: forget(store, state, source="test", post="1"),
        lambda: list(examine(store, state)),
        store.exists,
    ]


def test_a_bucket_that_is_missing_is_said_at_once(s3, store, state, write_csv):
    there = Store("s3://no-such-bucket/data", store.pseudonyms)
    for action in actions(there, state, write_csv([post(1)])):
        text, seconds = said_by(action)
        assert "the bucket does not exist" in text
        assert seconds < 5


def test_a_store_that_is_not_made_yet_is_said_as_on_a_folder(on_s3):
    assert not on_s3.exists()
    text, _ = said_by(lambda: load_posts(store=on_s3))
    assert f"There is no store at {on_s3.location} yet" in text


def test_a_server_that_is_not_there_is_said_within_seconds(
    s3, store, state, write_csv, monkeypatch
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        there = Store("s3://bucket/data", store.pseudonyms)
        for action in actions(there, state, write_csv([post(1)]))[:3]:
            text, seconds = said_by(action)
            assert "the S3 server does not answer. Check AWS_ENDPOINT_URL" in text
            assert seconds < 12


def test_a_server_that_takes_calls_but_never_answers_is_given_up(s3, store, monkeypatch):
    waits = delta._S3_WAITS
    assert float(waits["timeout"].removesuffix("s")) <= 10
    monkeypatch.setattr(delta, "_S3_WAITS", waits | {"timeout": "1s", "retry_timeout": "1s"})
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        there = Store("s3://bucket/data", store.pseudonyms)
        text, seconds = said_by(lambda: load_posts(store=there))
        assert "the S3 server does not answer" in text
        assert seconds < 5


def test_a_server_that_goes_away_between_two_calls_is_one_sentence(
    on_s3, state, take_in, write_csv, monkeypatch
):
    take_in(write_csv([post(1)]), into=on_s3)
    frame = load_posts(store=on_s3)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        text, seconds = said_by(lambda: frame.compute(scheduler="synchronous"))
    assert "the S3 server does not answer" in text
    assert seconds < 20


@pytest.fixture
def guarded(s3):
    """Credentials that the server knows, and from now on checks."""
    import boto3

    iam, user = boto3.client("iam"), f"ann-{uuid4().hex}"
    iam.create_user(UserName=user)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    boto3.client("s3").create_bucket(Bucket="guarded")

    def check(count):
        headers = {"Content-Type": "text/plain"}
        data = str(count).encode()
        urlopen(Request(f"{s3}/moto-api/reset-auth", data=data, headers=headers)).close()

    check(0)
    yield key["AccessKeyId"], key["SecretAccessKey"]
    check("inf")


@pytest.mark.parametrize(
    ("access", "secret", "said"),
    [
        ("AKIAUNKNOWN", None, "S3 does not know the access key. Check AWS_ACCESS_KEY_ID"),
        (None, "wrong", "S3 refused the secret key. Check AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_wrong_credentials_are_one_sentence_and_never_shown(
    guarded, store, state, write_csv, monkeypatch, access, secret, said
):
    there = Store("s3://guarded/data", store.pseudonyms)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access or guarded[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret or guarded[1])
    for action in actions(there, state, write_csv([post(1)])):
        text, seconds = said_by(action)
        assert said in text
        assert seconds < 5
        assert guarded[1] not in text
    text, _ = said_by(lambda: list(there.read_file("s3://guarded/data/x.parquet")))
    assert "S3" in text


def test_the_right_credentials_are_let_in(guarded, store, take_in, write_csv, monkeypatch, rows_of):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", guarded[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", guarded[1])
    there = Store("s3://guarded/data", store.pseudonyms)
    take_in(write_csv([post(1)]), into=there)
    assert len(rows_of(there)) == 1


def test_no_credentials_at_all_are_one_sentence(s3, store, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    there = Store("s3://bucket/data", store.pseudonyms)
    text, seconds = said_by(lambda: there.read_file("s3://bucket/data/x.parquet"))
    assert "no S3 credentials were found. Set AWS_ACCESS_KEY_ID" in text
    assert seconds < 15


@pytest.mark.parametrize(
    ("given", "region"),
    [
        ({}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-north-1"),
    ],
)
def test_the_region_is_that_of_either_variable(store, monkeypatch, given, region):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    there = Store("s3://bucket/data", store.pseudonyms)
    assert there.options["AWS_REGION"] == region
    assert "AWS_ALLOW_HTTP" not in there.options


def test_labels_are_kept_gathered_and_forgotten(on_s3, write_csv, take_in, state):
    take_in(write_csv([post(1), post(2, author="bob")]), into=on_s3)
    said = {"source": "test", "labeller": "ann", "label": "neutral"}
    for number in ("1", "2"):
        save_labels([said | {"post_id": number}], store=on_s3)
    compact(on_s3, state)
    assert load_labels(columns=["text"], store=on_s3)["text"].tolist() == ["post 1", "post 2"]
    assert forget(on_s3, state, source="test", author="bob").labels == 1
    assert load_labels(store=on_s3)["post_id"].tolist() == ["1"]
    assert save_labels([said | {"post_id": "2"}], store=on_s3) == 0
    assert [found for found in examine(on_s3, state) if found.level == "problem"] == []
