"""Two services as real processes that can be killed at any moment, and a judge of what came through.

The teller commits numbers to its own ledger and publishes them in the same transaction; the worker carries them; the
listener writes down what it hears. Whatever is killed, in the end both ledgers must be the same, in the same order.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy import func, insert, select

from shared.contracts.envelope import Envelope
from shared.contracts.registry import from_data
from shared.platform import crashpoints
from shared.platform.access import system_actor
from shared.platform.bus import Bus
from shared.platform.consumer import BATCH
from shared.platform.desk import held_events
from shared.platform.inbox import Inbox
from shared.platform.runtime import Runtime
from shared.platform.settings import embedded
from shared.platform.work import Work, writing_work
from shared.platform.worker import keep_going, relay_until, run_worker
from shared.testing.ledger import effects, fact, listener, teller, write_down

PEP, SCHEDULING = teller(), listener()

# What else a process imports when it opens a database or the queue; a new one finds it there.
PRELOADED = (
    __name__,
    "pytest",
    "kombu.transport.pyamqp",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "shared.platform.embedded_queue",
)

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([*PRELOADED])


@dataclass(frozen=True)
class Installation:
    """Where the two services keep their data and how they reach each other; small enough to hand to a process."""

    home: Path
    broker: str = ""
    namespace: str = ""
    databases: Mapping[str, str] | None = None

    def runtime(self) -> Runtime:
        """Open the databases."""
        settings = embedded(self.home, port=1, smtp_port=1, secret="for tests only", environ={})  # nosec B106  # lives for seconds
        return Runtime(replace(settings, databases={**settings.databases, **(self.databases or {})}))

    def bus(self) -> Bus:
        """Return the bus."""
        broker = self.broker or f"embedded:///{self.home / 'queue.sqlite'}"
        return Bus(broker, services=("pep", "scheduling"), namespace=self.namespace)

    def prepare(self) -> None:
        """Make the tables."""
        runtime = self.runtime()
        for spec in (PEP, SCHEDULING):
            spec.metadata.create_all(runtime.database(spec.name).engine)
        runtime.close()

    def start_telling(self, children: int, times: int, crash: str = "") -> ForkServerProcess:
        """Start a process that tells one more fact of each child, `times` times over."""
        return _start(partial(_tell, self, children, times, crash))

    def start_worker(self, crash: str = "", way: str = "sound") -> ForkServerProcess:
        """Start a worker; `way` is sound, or wrong on purpose: acknowledge_first or no_inbox."""
        return _start(partial(_work, self, crash, way))


@dataclass(frozen=True)
class Verdict:
    """What went wrong: how many facts were lost, took effect twice, or took effect out of order."""

    told: int
    lost: int
    twice: int
    out_of_order: int
    left_over: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Nothing went wrong."""
        return not (self.lost or self.twice or self.out_of_order or self.left_over)


def judge(installation: Installation, *, look_at_queues: bool = True) -> Verdict:
    """Compare what was committed with what took effect."""
    runtime = installation.runtime()
    with runtime.database("pep").reading() as connection:
        told = effects(connection, PEP)
    unsent = _unsent(runtime)
    with runtime.database("scheduling").reading() as connection:
        heard = effects(connection, SCHEDULING)
        held = held_events(connection)
    runtime.close()
    lost = twice = out_of_order = 0
    for child_id in told.keys() | heard.keys():
        said, took_effect = told.get(child_id, []), heard.get(child_id, [])
        counts = Counter(took_effect)
        lost += len(set(said) - set(took_effect))
        twice += sum(count - 1 for count in counts.values())
        out_of_order += sum(1 for first, second in pairwise(took_effect) if second < first)
    depths = installation.bus().depths() if look_at_queues else {}
    left = [f"{unsent} in the outbox"] * bool(unsent)
    left += [f"{count} {state}" for state, count in sorted(Counter(each.state for each in held).items())]
    left += [f"{service}: {depth}" for service, depth in depths.items() if depth != (0, 0)]
    return Verdict(sum(map(len, told.values())), lost, twice, out_of_order, tuple(left))


def wait_until_sound(installation: Installation, seconds: float = 60) -> Verdict:
    """Wait until both ledgers agree and nothing is under way, or the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        # The queues are dear to look at, so they are looked at last.
        if judge(installation, look_at_queues=False).is_sound and judge(installation).is_sound:
            break
        time.sleep(0.05)
    return judge(installation)


def stop(process: ForkServerProcess) -> None:
    """Ask a process to stop, and wait until it has."""
    process.terminate()
    process.join(40)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError("A worker that was asked to stop did not.")


def _start(target: partial[None]) -> ForkServerProcess:
    process = _processes.Process(target=target, daemon=True)
    process.start()
    return process


def _tell(installation: Installation, children: int, times: int, crash: str) -> None:
    crashpoints.arm(crash)
    runtime = installation.runtime()
    for _ in range(times):
        for child in range(children):
            with writing_work(runtime, PEP, system_actor("northmoor")) as work:
                _tell_one(work, f"child-{child}")


def _tell_one(work: Work, child_id: str) -> None:
    table = PEP.metadata.tables["effect"]
    last = select(func.max(table.c.number)).where(table.c.child_id == child_id)
    number = (work.connection.execute(last).scalar() or 0) + 1
    work.connection.execute(insert(table).values(child_id=child_id, number=number))
    work.publish(f"child/{child_id}", fact(child_id, number))


def _work(installation: Installation, crash: str, way: str) -> None:
    crashpoints.arm(crash)
    runtime, bus, asked = installation.runtime(), installation.bus(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    if way == "sound":
        run_worker([PEP, SCHEDULING], runtime, asked, bus=bus)
        return
    # A fact that is still in the outbox when the process dies would be sent again and hide what is done wrong here.
    partial(relay_until, _NoneUnsent(runtime), PEP, runtime, bus)()
    relay = partial(relay_until, asked, PEP, runtime, bus)
    wrong = partial(_acknowledge_first if way == "acknowledge_first" else _no_inbox, asked, runtime, bus)
    threads = [threading.Thread(target=keep_going, args=("part", part, asked)) for part in (relay, wrong)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _NoneUnsent(threading.Event):
    """Is set as soon as the teller's outbox is empty."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime

    def is_set(self) -> bool:
        """Say whether everything was sent."""
        return not _unsent(self._runtime)


def _unsent(runtime: Runtime) -> int:
    with runtime.database("pep").reading() as connection:
        query = select(func.count()).select_from(PEP.metadata.tables["outbox"])
        return connection.execute(query).scalar_one()


def _acknowledge_first(asked: threading.Event, runtime: Runtime, bus: Bus) -> None:
    """Do it in the wrong order, to see that the judge notices."""
    inbox, link = Inbox(SCHEDULING, runtime, bus.services), bus.open_listener("scheduling")
    while not asked.is_set():
        deliveries = link.fetch(BATCH, 0.2)
        link.acknowledge(deliveries)
        inbox.receive([delivery.body for delivery in deliveries])


def _no_inbox(asked: threading.Event, runtime: Runtime, bus: Bus) -> None:
    """Do it without a memory of what was applied, to see that the judge notices."""
    link = bus.open_listener("scheduling")
    while not asked.is_set():
        deliveries = link.fetch(BATCH, 0.2)
        with writing_work(runtime, SCHEDULING, system_actor("northmoor")) as work:
            for delivery in deliveries:
                envelope = Envelope.from_bytes(delivery.body)
                write_down(work, from_data(envelope.type, envelope.data))
        if deliveries:
            crashpoints.crashpoint("after_effect")
        link.acknowledge(deliveries)
