"""What the broker may do by its own rules: hand over twice, out of order and late; and several workers at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from multiprocessing.context import ForkServerProcess

from faults.ground import Ground, open_place, settle
from faults.kills import outcome
from faults.load import Load, end, start, start_load, told_so_far, under_load, wait_for, workers
from faults.outcome import Outcome
from shared.platform.bus import Bus
from shared.platform.confirms import Outgoing
from shared.platform.links import Listener
from shared.platform.metrics import PUBLISHED
from shared.platform.relay import Relay
from shared.platform.runtime import Runtime
from shared.platform.worker import consume_until, keep_going, relay_until
from shared.testing.crash_trial import PEP, SCHEDULING, Installation


def duplicated_and_shuffled(ground: Ground) -> Outcome:
    """Hand every fact over three times, in no order; a third of them seconds later than the rest."""
    commits = ground.times(200, 30)
    with open_place(ground) as place:
        bodies = _take_from_queue(place.installation, commits)
        several = bodies * 3
        ground.chance.shuffle(several)
        cut = len(several) * 2 // 3
        _put_into_queue(place.installation, several[:cut])
        with workers(place.installation, 2):
            time.sleep(ground.times(5, 1))
            _put_into_queue(place.installation, several[cut:])
            verdict = settle(place.installation)
    note = f"{len(several)} messages for {len(bodies)} facts, two workers"
    return outcome("duplicates, reordering and delay", ground, verdict, len(several), note=note)


def many_at_once(ground: Ground) -> Outcome:
    """Let two relays and four consumers, each a process, share one service; kill one of the six now and then.

    On servers the relays share the work; on the embedded form one of them stands by.
    """
    kills, wanted = 0, ground.times(50, 2)
    load = Load(children=60, per_commit=60, pause=0.05)
    with open_place(ground) as place, ExitStack() as stack:
        parts = [partial(_relay, place.installation)] * 2 + [partial(_consume, place.installation)] * 4
        team = [start(part) for part in parts]
        stack.callback(_end_all, team)
        with under_load(place.installation, load):
            runtime = place.installation.runtime()
            wait_for(lambda: told_so_far(runtime), 15)
            runtime.close()
            for _ in range(wanted):
                time.sleep(ground.chance.uniform(0.1, 0.8))
                unlucky = ground.chance.randrange(len(team))
                team[unlucky].kill()
                team[unlucky].join()
                team[unlucky] = start(parts[unlucky])
                kills += 1
            if ground.form == "servers":
                wait_for(lambda: all(_sent_by(place.installation, relay) for relay in team[:2]), 60)
        verdict = settle(place.installation)
        shares = sorted(_sent_by(place.installation, relay) for relay in team[:2])
    broken = () if shares[0] or ground.form == "embedded" else ("one of the two relays sent nothing",)
    note = "the last two relays sent " + " and ".join(f"{share:,}" for share in shares)
    return outcome(
        "two relays and four consumers, one killed at a time", ground, verdict, wanted,
        kills=kills, broken=broken, note=note,
    )  # fmt: skip


def _relay(installation: Installation) -> None:
    """Send, and say in a file how much."""
    asked, runtime, bus = _opened(installation)
    sending = partial(keep_going, "relay", partial(relay_until, asked, PEP, runtime, bus), asked)
    thread = threading.Thread(target=sending)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        samples = (sample for metric in PUBLISHED.collect() for sample in metric.samples)
        sent = sum(sample.value for sample in samples if sample.name.endswith("_total"))
        (installation.home / f"sent-{os.getpid()}").write_text(f"{sent:.0f}")


def _consume(installation: Installation) -> None:
    asked, runtime, bus = _opened(installation)
    keep_going("consumer", partial(consume_until, asked, SCHEDULING, runtime, bus), asked)


def _opened(installation: Installation) -> tuple[threading.Event, Runtime, Bus]:
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    return asked, installation.runtime(), installation.bus()


def _end_all(team: Sequence[ForkServerProcess]) -> None:
    for process in team:
        end(process)


def _sent_by(installation: Installation, process: ForkServerProcess) -> int:
    said = installation.home / f"sent-{process.pid}"
    return int(said.read_text() or 0) if said.exists() else 0


def _take_from_queue(installation: Installation, commits: int) -> list[bytes]:
    """Tell facts, send them, and take them out of the listener's queue again."""
    telling = start_load(installation, Load(children=25, per_commit=20, commits=commits, pause=0))
    telling.join(120)
    runtime, bus = installation.runtime(), installation.bus()
    bus.depths()
    relay = Relay(PEP, runtime, bus)
    # On RabbitMQ, depths are counted late; the relay knows how many it sent.
    sent = relay.send_pending()
    relay.close()
    runtime.close()
    bodies: list[bytes] = []
    listener = bus.open_listener("scheduling")
    wait_for(partial(_fetch_into, bodies, listener, sent), 60)
    listener.close()
    return bodies


def _fetch_into(bodies: list[bytes], listener: Listener, wanted: int) -> bool:
    deliveries = listener.fetch(100, 0.2)
    bodies += [delivery.body for delivery in deliveries]
    listener.acknowledge(deliveries)
    return len(bodies) >= wanted


def _put_into_queue(installation: Installation, bodies: list[bytes]) -> None:
    bus = installation.bus()
    publisher = bus.open_publisher()
    queue = f"{installation.namespace}scheduling.facts"
    for first in range(0, len(bodies), 200):
        window = [Outgoing(f"again-{first + n}", queue, body) for n, body in enumerate(bodies[first : first + 200])]
        publisher.publish(window, exchange="")
    publisher.close()
