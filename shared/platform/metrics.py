"""What is counted and timed, for Prometheus. Every name and what it tells stands in docs/operations.md.

Labels hold names of services, routes, event types and jobs only, never an id of anybody. A worker counts in `WORKER`;
each web application has a `WebMetrics` of its own. What waits in a database is read when somebody asks.
"""

from __future__ import annotations

import os
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from shared.platform.health import Pressure, pressure
from shared.platform.inbox_tables import Held
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

WORKER = CollectorRegistry()

PUBLISHED = Counter(
    "pep_suite_events_published_total", "Events that the broker has taken", ["service", "type"], registry=WORKER
)
APPLIED = Counter(
    "pep_suite_events_applied_total", "Events dealt with, once each", ["service", "type"], registry=WORKER
)
RETRIED = Counter(
    "pep_suite_events_retried_total", "Attempts that failed and are made again", ["service", "type"], registry=WORKER
)
PARKED = Counter("pep_suite_events_parked_total", "Events put aside for a person", ["service", "type"], registry=WORKER)
MAILS = Counter(
    "pep_suite_mails_total", "Mails handed to the mail server: sent, refused, deferred, unreachable",
    ["outcome"], registry=WORKER,
)  # fmt: skip
JOBS = Counter("pep_suite_job_runs_total", "Runs of jobs: done, failed", ["service", "job", "outcome"], registry=WORKER)
JOB_DONE_AT = Gauge(
    "pep_suite_job_last_done_timestamp_seconds", "When a job was last done", ["service", "job"], registry=WORKER
)


def count_by_type(counter: Counter, service: str, types: Iterable[str]) -> None:
    """Add a batch of events to a counter."""
    for name, count in Tally(types).items():
        counter.labels(service, name or "unreadable").inc(count)


class WebMetrics:
    """What one web application counts: requests by route and status, and how long they took."""

    def __init__(self, spec: ServiceSpec, runtime: Runtime) -> None:
        self._registry = CollectorRegistry()
        self._waiting = CollectorRegistry()
        self._waiting.register(Waiting([spec], runtime))
        self._service = spec.name
        self.requests = Counter(
            "pep_suite_http_requests_total", "Requests answered", ["service", "method", "route", "status"],
            registry=self._registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "pep_suite_http_request_seconds", "How long a request took", ["service", "method", "route"],
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the rule (`/children/<child_id>`), never the address."""
        self.requests.labels(self._service, method, route, str(status)).inc()
        self.seconds.labels(self._service, method, route).observe(seconds)

    def page(self) -> bytes:
        """Return everything in Prometheus's text format; of all web processes when they share a folder."""
        counted = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(self._waiting)


def worker_page(waiting: Collector) -> bytes:
    """Return what a worker counts, and what waits in its services' databases."""
    registry = CollectorRegistry()
    registry.register(waiting)
    return generate_latest(WORKER) + generate_latest(registry)


class Waiting(Collector):
    """What waits in the services' databases, read at every look."""

    def __init__(self, specs: Sequence[ServiceSpec], runtime: Runtime) -> None:
        self._specs = specs
        self._runtime = runtime

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering does not read the databases."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give the gauges; of a database that does not answer only that it does not."""
        up = GaugeMetricFamily("pep_suite_database_up", "1 when the database answers", labels=["service"])
        found = {spec.name: self._look(spec) for spec in self._specs}
        for service, seen in found.items():
            up.add_metric([service], 0 if seen is None else 1)
        yield up
        yield from self._gauges({service: seen for service, seen in found.items() if seen is not None})

    def _look(self, spec: ServiceSpec) -> Pressure | None:
        try:
            with self._runtime.database(spec.name).reading() as connection:
                return pressure(connection, spec.metadata)
        except SQLAlchemyError:
            return None

    def _gauges(self, found: dict[str, Pressure]) -> Iterator[Metric]:
        now = self._runtime.clock.now()
        depth = GaugeMetricFamily("pep_suite_outbox_events", "Events that wait to be sent", labels=["service"])
        age = GaugeMetricFamily(
            "pep_suite_outbox_oldest_seconds", "For how long the oldest of them has waited", labels=["service"]
        )
        held = GaugeMetricFamily("pep_suite_inbox_held_events", "Events held, by state", labels=["service", "state"])
        life = GaugeMetricFamily(
            "pep_suite_worker_silent_seconds",
            "Since when no worker has shown life, by part",
            labels=["service", "part"],
        )
        for service, seen in found.items():
            depth.add_metric([service], seen.unsent)
            age.add_metric([service], seen.unsent_for(now).total_seconds())
            for state in Held:
                held.add_metric([service, state], seen.held.get(state, 0))
            for part, at in seen.alive.items():
                life.add_metric([service, part], max((now - at).total_seconds(), 0))
        yield from (depth, age, held, life)
