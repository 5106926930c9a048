"""What the broker may do by its own rules: hand over twice, out of order and late; and several workers at once."""

from __future__ import annotations

import time
from functools import partial

from faults.ground import Ground, open_place, settle
from faults.kills import outcome
from faults.load import Load, start_load, told_so_far, under_load, wait_for, workers
from faults.outcome import Outcome
from shared.platform.confirms import Outgoing
from shared.platform.links import Listener
from shared.platform.relay import Relay
from shared.testing.crash_trial import PEP, Installation


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
    """Let four workers (four relays that take turns, four consumers) share one service; kill one now and then."""
    kills, wanted = 0, ground.times(20, 2)
    load = Load(children=60, per_commit=60, pause=0.05)
    with open_place(ground) as place, workers(place.installation, 4) as team:
        with under_load(place.installation, load):
            runtime = place.installation.runtime()
            wait_for(lambda: told_so_far(runtime), 15)
            runtime.close()
            for _ in range(wanted):
                time.sleep(ground.chance.uniform(0.3, 1.2))
                unlucky = ground.chance.randrange(4)
                team[unlucky].kill()
                team[unlucky].join()
                team[unlucky] = place.installation.start_worker()
                kills += 1
        verdict = settle(place.installation)
    return outcome("four relays and four consumers, one killed at a time", ground, verdict, wanted, kills=kills)


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
