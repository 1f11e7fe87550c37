"""Figures of the scheduler for Prometheus, read from the ledger when somebody asks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Select, and_, func, select

from murmuration.errors import LedgerError
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.notices import find_undelivered
from murmuration.schedule.tables import ENDED, OPEN, attempts, fires


def serve_metrics(ledger: Ledger, host: str, port: int, *, broken: Callable[[], int]) -> None:
    """Serve the figures over HTTP, in a thread of their own; `broken` tells how many schedules cannot run.

    Raises
    ------
    LedgerError
        If the port is taken.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(LedgerCollector(ledger, broken=broken))
    try:
        start_http_server(port, addr=host, registry=registry)
    except OSError as err:
        raise LedgerError(f"Metrics cannot be served on {host}:{port}: {err.strerror}.") from err


class LedgerCollector(Collector):
    """Runs by outcome, lateness, duration, last success of each schedule, the queue, and notices that do not arrive."""

    def __init__(self, ledger: Ledger, *, broken: Callable[[], int] = lambda: 0) -> None:
        self._ledger, self._broken = ledger, broken

    def collect(self) -> Iterator[Metric]:
        """Give the figures of this moment."""
        counts = (
            select(fires.c.schedule, fires.c.state, func.count().label("n"))
            .group_by(fires.c.schedule, fires.c.state)
        )  # fmt: skip
        broken = GaugeMetricFamily(
            "murmuration_broken_schedules",
            "Schedules that cannot be read, or of which a run could not begin",
            value=self._broken(),
        )
        yield broken
        up = GaugeMetricFamily("murmuration_ledger_up", "Whether the ledger can be read")
        try:
            with self._ledger.read() as connection:
                totals = connection.execute(counts).all()
                successes = connection.execute(_last_successes()).all()
                # A backfill and what somebody asks for by hand are late by intention.
                undelivered = find_undelivered(connection, datetime.now(UTC))
                timed = connection.execute(_last_successes("timer", "catch-up")).all()
        except LedgerError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        labels = ["schedule", "outcome"]
        ended = CounterMetricFamily("murmuration_fires", "Fires that have ended", labels=labels)
        queue = GaugeMetricFamily(
            "murmuration_open_fires", "Fires that wait or run", labels=["schedule", "state"]
        )
        for row in totals:
            if row.state in ENDED:
                ended.add_metric([row.schedule, row.state], row.n)
            elif row.state in OPEN:
                queue.add_metric([row.schedule, row.state], row.n)
        one = ["schedule"]
        lateness = GaugeMetricFamily(
            "murmuration_last_lateness_seconds",
            "From due to begun, last success by the clock",
            labels=one,
        )
        seconds = GaugeMetricFamily(
            "murmuration_last_duration_seconds", "From begun to ended, last success", labels=one
        )
        success = GaugeMetricFamily(
            "murmuration_last_success_timestamp_seconds", "End of the last success", labels=one
        )
        notices = GaugeMetricFamily(
            "murmuration_undelivered_notices",
            "Notices that could not be delivered so far: tried again (waiting), or given up",
            labels=["state"],
        )
        for state in ("waiting", "given up"):
            given_up = state == "given up"
            count = sum((one.next_at is None) == given_up for one in undelivered)
            notices.add_metric([state], count)
        for row in timed:
            lateness.add_metric([row.schedule], (row.claimed_at - row.logical_time).total_seconds())
        for row in successes:
            seconds.add_metric([row.schedule], (row.ended_at - row.claimed_at).total_seconds())
            success.add_metric([row.schedule], row.ended_at.timestamp())
        yield from (ended, queue, lateness, seconds, success, notices)


def _last_successes(*kinds: str) -> Select[Any]:
    """Select the last success of each schedule, of fires of some kinds or of all."""
    done = attempts.c.state == "succeeded"
    if kinds:
        done = and_(done, fires.c.kind.in_(kinds))
    newest = (
        select(fires.c.schedule, func.max(attempts.c.claimed_at).label("at"))
        .join(attempts, attempts.c.fire_id == fires.c.id)
        .where(done)
        .group_by(fires.c.schedule)
        .subquery()
    )
    same = and_(newest.c.schedule == fires.c.schedule, newest.c["at"] == attempts.c.claimed_at)
    return (
        select(fires.c.schedule, fires.c.logical_time, attempts.c.claimed_at, attempts.c.ended_at)
        .join(attempts, attempts.c.fire_id == fires.c.id)
        .join(newest, same)
        .where(done)
    )
