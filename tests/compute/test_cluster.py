"""Where tasks run, why, and how far they are."""

import logging
import socket

import dask
import dask.dataframe as dd
import pandas as pd
import pytest
from distributed import LocalCluster

from murmuration.compute import start_cluster
from murmuration.compute.cluster import SMALL_ROWS
from murmuration.errors import SettingsError


@pytest.fixture
def numbers():
    return dd.from_pandas(pd.DataFrame({"x": range(20)}), npartitions=4)


@pytest.fixture(scope="module")
def scheduler():
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.ERROR,
        protocol="tcp",
        host="127.0.0.1",
    ) as workers:
        yield workers.scheduler_address


def told_and_computed(cluster, frame):
    told = []
    computed = cluster.compute(frame, on_part=lambda done, total: told.append((done, total)))
    return told, computed


def test_few_posts_start_no_cluster_and_the_reason_says_so():
    with start_cluster(SMALL_ROWS) as cluster:
        assert cluster.kind == "threads"
        assert cluster.dashboard is None
        assert "200,000 posts are few" in cluster.reason


def test_many_posts_get_processes_and_a_dashboard(monkeypatch, numbers):
    monkeypatch.setattr("murmuration.compute.cluster.cpu_count", lambda: 2)
    with start_cluster(SMALL_ROWS + 1) as cluster:
        assert (cluster.kind, cluster.workers) == ("local", 2)
        assert cluster.dashboard.startswith("http://127.0.0.1:")
        assert "200,001 posts are worth processes" in cluster.reason
        told, computed = told_and_computed(cluster, numbers)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    pd.testing.assert_frame_equal(computed, numbers.compute())


def test_one_processor_is_not_worth_processes(monkeypatch):
    monkeypatch.setattr("murmuration.compute.cluster.cpu_count", lambda: 1)
    with start_cluster(10 * SMALL_ROWS) as cluster:
        assert (cluster.kind, cluster.reason) == ("threads", "this machine has one processor")


def test_a_setting_is_obeyed_whatever_the_size():
    with start_cluster(10 * SMALL_ROWS, setting="threads") as cluster:
        assert (cluster.kind, cluster.reason) == ("threads", "MURMURATION_CLUSTER says threads")


def test_a_scheduler_elsewhere_is_used(scheduler, numbers):
    with start_cluster(10, setting=scheduler) as cluster:
        assert (cluster.kind, cluster.workers) == ("address", 1)
        assert scheduler in cluster.reason
        told, computed = told_and_computed(cluster, numbers)
    assert told[-1] == (4, 4)
    pd.testing.assert_frame_equal(computed, numbers.compute())


def test_threads_say_how_far_they_are(numbers):
    with start_cluster(1) as cluster:
        told, computed = told_and_computed(cluster, numbers.assign(y=numbers["x"] * 2))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert computed["y"].tolist() == [2 * x for x in range(20)]


def test_an_error_in_a_partition_reaches_the_caller(numbers):
    def fail(part):
        raise ZeroDivisionError("on purpose")

    with start_cluster(1) as cluster, pytest.raises(ZeroDivisionError, match="on purpose"):
        cluster.compute(numbers.map_partitions(fail, meta=numbers))


def test_dask_chooses_for_itself_again_afterwards():
    before = dask.config.get("scheduler", None), dask.config.get("num_workers", None)
    with start_cluster(1):
        assert dask.config.get("scheduler") == "threads"
    assert (dask.config.get("scheduler", None), dask.config.get("num_workers", None)) == before


@pytest.mark.parametrize(
    ("setting", "said"),
    [("thread", "Did you mean 'threads'"), ("kubernetes", "neither"), ("", "neither")],
)
def test_an_unknown_setting_is_one_sentence(setting, said):
    with pytest.raises(SettingsError, match=said):
        start_cluster(1, setting=setting)


def test_no_scheduler_at_the_address_is_one_sentence(monkeypatch):
    monkeypatch.setattr("murmuration.compute.cluster._PATIENCE", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SettingsError, match=f"No Dask scheduler answers at tcp://127.0.0.1:{port}"):
        start_cluster(1, setting=f"tcp://127.0.0.1:{port}")


def test_a_program_that_listens_but_is_no_scheduler_is_given_up(monkeypatch):
    monkeypatch.setattr("murmuration.compute.cluster._PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with pytest.raises(SettingsError, match="No Dask scheduler answers"):
            start_cluster(1, setting=f"tcp://127.0.0.1:{port}")
