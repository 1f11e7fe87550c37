"""A workspace whose store is a bucket gives the numbers of one whose store is a folder."""

import shutil

import boto3
import pytest
from moto.server import ThreadedMotoServer

from murmuration.reports import load_run

from ..browser.conftest import Workspace
from .conftest import UNITED, values_of


@pytest.fixture
def bucket(monkeypatch):
    """A bucket on a local S3 server over HTTP, and what a person sets to use it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket="posts")
    yield "s3://posts/airline"
    server.stop()


@pytest.mark.soak
def test_import_and_report_give_the_same_tables_as_on_a_folder(
    bucket, united, airline_workspace, tmp_path, real_data
):
    (tmp_path / ".murmuration").mkdir()
    shutil.copy(airline_workspace.root / ".murmuration" / "key", tmp_path / ".murmuration")
    on_s3 = Workspace(tmp_path, MURMURATION_STORE=bucket)
    told = on_s3.run("import", str(real_data("airline/Tweets.csv")), "--source", "airline")
    assert told.strip() == f"14,485 new posts. Store: {bucket}"
    run = load_run(on_s3.report("brand_health", **UNITED))
    assert values_of(run) == values_of(united)
