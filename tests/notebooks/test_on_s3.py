"""A workspace whose store is a bucket gives the numbers of one whose store is a folder."""

import shutil

import pytest

from murmuration.reports import load_run

from ..browser.conftest import Workspace
from .conftest import UNITED, values_of


@pytest.mark.soak
def test_import_and_report_give_the_same_tables_as_on_a_folder(
    bucket, united, airline_workspace, tmp_path, real_data
):
    (tmp_path / ".murmuration").mkdir()
    shutil.copy(airline_workspace.root / ".murmuration" / "key", tmp_path / ".murmuration")
    place = f"s3://{bucket}/airline"
    on_s3 = Workspace(tmp_path, MURMURATION_STORE=place)
    told = on_s3.run("import", str(real_data("airline/Tweets.csv")), "--source", "airline")
    assert told.strip() == f"14,485 new posts. Store: {place}"
    run = load_run(on_s3.report("brand_health", **UNITED))
    assert values_of(run) == values_of(united)
