"""The process that carries facts and does the jobs: for each service a relay, a consumer and clockworks of jobs.

A job that waits for the world outside has a thread of its own: a calendar server that takes its time keeps no mail
waiting. Those that only ask their own database share one.

A thread that fails says so in the log, drops its connections and starts again after a pause; nothing that fails takes
the process down. On `stop` each thread finishes what it holds.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from time import monotonic

from shared.platform.access import system_actor
from shared.platform.audit_anchor import anchor_when_due
from shared.platform.audit_chain import seal_waiting
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.erasure import erase_what_came_back
from shared.platform.metrics import JOB_DONE_AT, JOBS
from shared.platform.metrics_port import telling_metrics
from shared.platform.pulse import CONSUMER, RELAY, Pulse
from shared.platform.relay import CommitWatch, Relay
from shared.platform.runtime import Runtime
from shared.platform.service import Job, ServiceSpec
from shared.platform.single import turn_to_send
from shared.platform.trace import end_trace, tracing
from shared.platform.work import writing_work

LISTEN_SECONDS = 0.5
HEARTBEAT_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
JOB_RETRY_SECONDS = 30.0
STUCK_SECONDS = 15.0
SPARE_RELAY_SECONDS = 2.0

STANDING_JOBS = (
    Job("seal-audit", timedelta(seconds=5), run_alone=seal_waiting),
    Job("anchor-audit", timedelta(hours=1), run_alone=anchor_when_due),
    Job("erase-what-came-back", timedelta(days=1), erase_what_came_back),
)
"""What every service does beside its own jobs."""

log = logging.getLogger(__name__)


def run_worker(
    specs: Iterable[ServiceSpec], runtime: Runtime, stop: threading.Event, *, bus: Bus | None = None
) -> None:
    """Carry the services' facts and do their jobs until `stop` is set; returns when every thread has finished.

    `specs` are the services this process works for: all of them in the embedded form, one in a container.
    """
    way = bus or Bus(runtime.settings.broker)
    specs = tuple(specs)
    for spec in specs:
        # Opened here once, so that the threads do not each open one.
        runtime.database(spec.name)
    threads = [
        threading.Thread(target=keep_going, args=(name, part, stop), name=name, daemon=True)
        for spec in specs
        for name, part in _parts(spec, runtime, way, stop)
    ]
    with telling_metrics(specs, runtime):
        for thread in threads:
            thread.start()
        while not stop.wait(1.0):
            if count := way.break_off_stuck(STUCK_SECONDS):
                log.error("Broke off %s links on which the broker had not answered for %s s", count, STUCK_SECONDS)
        for thread in threads:
            thread.join(STUCK_SECONDS)


def settle() -> None:
    """Leave what is loaded by now out of the garbage collector's rounds; a worker's process calls it before it starts.

    A full round over all the libraries takes tens of milliseconds, for which an event would have to wait.
    """
    gc.collect()
    gc.freeze()


def _parts(
    spec: ServiceSpec, runtime: Runtime, bus: Bus, stop: threading.Event
) -> Iterator[tuple[str, Callable[[], None]]]:
    yield f"{spec.name}-relay", partial(relay_until, stop, spec, runtime, bus)
    yield f"{spec.name}-consumer", partial(consume_until, stop, spec, runtime, bus)
    jobs = (*spec.jobs, *STANDING_JOBS)
    for job in jobs:
        if job.run_alone is not None:
            yield f"{spec.name}-{job.name}", partial(work_until, stop, spec, runtime, [job])
    shared = [job for job in jobs if job.run_alone is None]
    yield f"{spec.name}-jobs", partial(work_until, stop, spec, runtime, shared)


def keep_going(name: str, part: Callable[[], None], stop: threading.Event) -> None:
    """Run a part until `stop` is set, again and again if it fails, with growing pauses."""
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        started = monotonic()
        try:
            part()
        except Exception:
            if monotonic() - started > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.exception("%s failed; it starts again in %.1f s", name, pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def relay_until(stop: threading.Event, spec: ServiceSpec, runtime: Runtime, bus: Bus) -> None:
    """Send a service's facts as they are committed; on SQLite stands by while another process does."""
    end_trace(spec.name)
    database = runtime.database(spec.name)
    relay = Relay(spec, runtime, bus)
    pulse = Pulse(spec.name, runtime, RELAY)
    pulse.breathe()
    while not stop.is_set():
        with turn_to_send(database) as ours:
            if not ours:
                pulse.breathe()
                stop.wait(SPARE_RELAY_SECONDS)
                continue
            watch = CommitWatch(database)
            checked = monotonic()
            try:
                while not stop.is_set():
                    if relay.send_pending():
                        watch.note_traffic()
                    watch.wait(stop)
                    if monotonic() - checked > HEARTBEAT_SECONDS:
                        relay.keep_alive()
                        pulse.beat()
                        checked = monotonic()
            finally:
                watch.close()
                relay.close()


def consume_until(stop: threading.Event, spec: ServiceSpec, runtime: Runtime, bus: Bus) -> None:
    """Take in what the other services say."""
    end_trace(spec.name)
    pulse = Pulse(spec.name, runtime, CONSUMER)
    pulse.breathe()
    consumer = Consumer(spec, runtime, bus)
    try:
        while not stop.is_set():
            consumer.take_in(LISTEN_SECONDS)
            pulse.beat()
        consumer.finish()
    finally:
        consumer.close()


def work_until(stop: threading.Event, spec: ServiceSpec, runtime: Runtime, jobs: Sequence[Job]) -> None:
    """Do jobs of a service, one after another: each at once, and then every so often."""
    due = {job.name: monotonic() for job in jobs}
    while not stop.is_set():
        for job in _due(jobs, due):
            if stop.is_set():
                return
            due[job.name] = monotonic() + _run(job, spec, runtime)
        stop.wait(max(0.01, min(due.values()) - monotonic()))


def _due(jobs: Sequence[Job], due: dict[str, float]) -> list[Job]:
    now = monotonic()
    return [job for job in jobs if due[job.name] <= now]


def _run(job: Job, spec: ServiceSpec, runtime: Runtime) -> float:
    """Do a job; returns the seconds until it is due again. A job that fails is tried again soon."""
    with tracing(spec.name):
        try:
            if job.run_alone is not None:
                job.run_alone(runtime, spec)
            if job.run is not None:
                with writing_work(runtime, spec, system_actor()) as work:
                    job.run(work)
        except Exception:
            log.exception("The job %s of %s failed", job.name, spec.name)
            JOBS.labels(spec.name, job.name, "failed").inc()
            return min(JOB_RETRY_SECONDS, job.every.total_seconds())
    JOBS.labels(spec.name, job.name, "done").inc()
    JOB_DONE_AT.labels(spec.name, job.name).set(runtime.clock.now().timestamp())
    return job.every.total_seconds()
