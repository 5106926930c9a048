"""The worker's threads: facts go from commit to effect, jobs are done, failures are survived, stopping is clean."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from shared.contracts.pep import ChildDetailsChanged
from shared.contracts.scheduling import MeetingCancelled
from shared.platform.bus import Bus
from shared.platform.runtime import Runtime
from shared.platform.service import Job, ServiceSpec
from shared.platform.work import Work
from shared.platform.worker import run_worker
from shared.testing.bus import publish
from shared.testing.ledger import effects, fact, listener, make_service, teller, write_down
from shared.testing.proxy import Proxy
from shared.testing.runtimes import make_runtime


@contextmanager
def working(specs: list[ServiceSpec], runtime: Runtime, bus: Bus | None = None) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(specs, runtime, stop), kwargs={"bus": bus})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def ledger(runtime: Runtime, spec: ServiceSpec) -> dict[str, list[int]]:
    with runtime.database(spec.name).reading() as connection:
        return effects(connection, spec)


def test_facts_go_from_commit_to_effect_while_it_runs(tmp_path: Path) -> None:
    pep, scheduling = teller(), listener()
    runtime = make_runtime(tmp_path, [pep, scheduling])
    with working([pep, scheduling], runtime):
        for n in range(20):
            publish(runtime, pep, "child/a", fact("a", n))
        wait_for(lambda: ledger(runtime, scheduling) == {"a": list(range(20))})


def test_facts_published_while_nobody_worked_arrive_after_the_start(tmp_path: Path) -> None:
    pep, scheduling = teller(), listener()
    runtime = make_runtime(tmp_path, [pep, scheduling])
    publish(runtime, pep, "child/a", fact("a", 1))
    with working([pep], runtime):
        pass
    with working([pep, scheduling], runtime):
        wait_for(lambda: ledger(runtime, scheduling) == {"a": [1]})


def test_what_a_reaction_publishes_travels_on(tmp_path: Path) -> None:
    def answer(work: Work, heard: ChildDetailsChanged) -> None:
        work.publish(f"child/{heard.child_id}", MeetingCancelled(heard.child_id, "plan", "meeting", "not_needed"))

    def note(work: Work, heard: MeetingCancelled) -> None:
        write_down(work, fact(heard.child_id, 99))

    pep = make_service("pep", {MeetingCancelled: note})
    scheduling = make_service("scheduling", {ChildDetailsChanged: answer})
    runtime = make_runtime(tmp_path, [pep, scheduling])
    with working([pep, scheduling], runtime):
        publish(runtime, pep, "child/a", fact("a", 7))
        wait_for(lambda: ledger(runtime, pep) == {"a": [99]})


def test_jobs_are_done_at_once_and_then_every_so_often_and_a_failing_one_harms_nobody(tmp_path: Path) -> None:
    done: list[str] = []

    def fail(_work: Work) -> None:
        done.append("failed")
        raise ZeroDivisionError

    def count(work: Work) -> None:
        assert work.actor.system
        done.append("counted")
        work.publish("child/a", fact("a", len(done)))

    every = timedelta(seconds=0.05)
    pep = make_service("pep", jobs=(Job("fail", every, fail), Job("count", every, count)))
    scheduling = listener()
    runtime = make_runtime(tmp_path, [pep, scheduling])
    with working([pep, scheduling], runtime):
        wait_for(lambda: done.count("counted") >= 3 and done.count("failed") >= 3)
        wait_for(lambda: len(ledger(runtime, scheduling).get("a", [])) >= 3)


def test_a_job_that_waits_for_the_world_outside_runs_in_no_transaction(tmp_path: Path) -> None:
    done: list[str] = []

    def wait_outside(runtime: Runtime, spec: ServiceSpec) -> None:
        with runtime.database(spec.name).writing():
            done.append(spec.name)

    pep = make_service("pep", jobs=(Job("post", timedelta(seconds=0.05), run_alone=wait_outside),))
    with working([pep], make_runtime(tmp_path, [pep])):
        wait_for(lambda: done.count("pep") >= 2)


def test_a_job_that_waits_long_for_the_world_outside_keeps_no_other_waiting(tmp_path: Path) -> None:
    answered, begun = threading.Event(), threading.Event()
    done: list[str] = []

    def wait_for_a_slow_server(_runtime: Runtime, _spec: ServiceSpec) -> None:
        begun.set()
        assert answered.wait(30)

    every = timedelta(seconds=0.05)
    jobs = (
        Job("read-diaries", every, run_alone=wait_for_a_slow_server),
        Job("send-mail", every, run_alone=lambda _runtime, _spec: done.append("sent")),
        Job("forget", every, lambda _work: done.append("forgotten")),
    )
    pep = make_service("pep", jobs=jobs)
    with working([pep], make_runtime(tmp_path, [pep])):
        assert begun.wait(15)
        done.clear()
        wait_for(lambda: done.count("sent") >= 3 and done.count("forgotten") >= 3)
        answered.set()


@pytest.mark.rabbitmq
def test_a_broker_whose_connections_are_cut_again_and_again_delays_and_loses_nothing(
    tmp_path: Path, far_bus: Bus, proxy: Proxy
) -> None:
    pep, scheduling = teller(), listener()
    runtime = make_runtime(tmp_path, [pep, scheduling])
    with working([pep, scheduling], runtime, far_bus):
        for n in range(30):
            publish(runtime, pep, "child/a", fact("a", n))
            if n % 10 == 5:
                proxy.cut()
        wait_for(lambda: ledger(runtime, scheduling) == {"a": list(range(30))}, seconds=30)


def test_a_worker_that_idles_uses_little_of_the_processor(tmp_path: Path) -> None:
    specs = [make_service(name) for name in ("pep", "scheduling", "virtual_school")]
    runtime = make_runtime(tmp_path, specs)
    with working(specs, runtime):
        time.sleep(3)  # the quick looks after the start end after two seconds
        before = time.process_time()
        time.sleep(2)
        used = time.process_time() - before

    assert used / 2 < 0.25
