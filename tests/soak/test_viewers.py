"""Twenty people look at dashboards at once: each gets the page, none takes much memory, and it comes back when they leave."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from time import monotonic, sleep

import psutil
import pytest

from ..dashboards.runs import make_audience_run, make_run, make_topics_run
from ..dashboards.serving import serve
from ..dashboards.test_server import ask

pytestmark = pytest.mark.soak

VIEWERS = 20
MOST_MB = 120  # proportional set size of one idle viewer


@contextmanager
def serving(folder, *words) -> Iterator:
    reports = folder / "reports"
    for make in (make_run, make_topics_run, make_audience_run):
        make(reports)
    with serve(folder, reports, *words) as running:
        yield running


def enter(server) -> str:
    return ask(server, f"?token={server.token}")[1]["Set-Cookie"].split(";")[0]


def kernels(server) -> list[psutil.Process]:
    [warm] = psutil.Process(server.process.pid).children()
    return warm.children()


def proportional_mb(process: psutil.Process) -> float:
    return process.memory_full_info().pss / 1e6


def test_twenty_viewers_get_a_page_each_take_little_memory_and_give_it_back(tmp_path):
    with serving(tmp_path, "--preheat=0") as server:
        cookie = enter(server)
        first = ask(server, "brand_health", Cookie=cookie)  # starts the warm process
        assert first[0] == 200
        with ThreadPoolExecutor(VIEWERS) as many:
            asked = [many.submit(ask, server, "brand_health", Cookie=cookie) for _ in range(VIEWERS - 1)]  # fmt: skip
            answers = [first, *(one.result() for one in asked)]
        assert [status for status, _, _ in answers] == [200] * VIEWERS
        ids = {re.search(r'"kernelId": "([0-9a-f-]+)"', page)[1] for _, _, page in answers}
        assert len(ids) == VIEWERS
        sleep(5)
        taken = [proportional_mb(one) for one in kernels(server)]
        print(f"a viewer: {median(taken):.0f} MB (median), {max(taken):.0f} MB at most")
        assert len(taken) == VIEWERS
        assert max(taken) < MOST_MB
        origin = server.address.rstrip("/")
        for kernel_id in ids:
            said = ask(server, f"voila/api/shutdown/{kernel_id}", method="POST", Cookie=cookie, Origin=origin)  # fmt: skip
            assert said[0] == 204
        deadline = monotonic() + 60
        while kernels(server) and monotonic() < deadline:
            sleep(0.5)
        assert kernels(server) == []
        left = psutil.Process(server.process.pid).children(recursive=True)
        print(f"left: {sum(map(proportional_mb, left)):.0f} MB in {len(left)} processes")
        assert len(left) == 1
