"""kill -9: at every named crash point, and at any moment."""

from __future__ import annotations

import signal
import time
from multiprocessing.context import ForkServerProcess

from faults.ground import Ground, open_place, settle
from faults.load import Load, end, start_load, under_load, workers
from faults.outcome import Outcome
from shared.kernel.clock import SystemClock
from shared.platform.consumer import BATCH
from shared.platform.inbox import Inbox
from shared.platform.mending import Hand, replay_parked
from shared.platform.relay import Relay
from shared.testing.crash_trial import PEP, SCHEDULING, Installation, Verdict

KILLED = -signal.SIGKILL
WRITER_POINTS = ("before_commit", "after_commit")
WORKER_POINTS = ("before_publish", "after_publish", "before_effect_commit", "after_effect")


def outcome(
    fault: str,
    ground: Ground,
    verdict: Verdict,
    tries: int,
    *,
    kills: int = 0,
    note: str = "",
    broken: tuple[str, ...] = (),
) -> Outcome:
    """Return what came of a fault, as the ledgers tell."""
    return Outcome(
        fault=fault,
        form=ground.form,
        tries=tries,
        events=verdict.told,
        lost=verdict.lost,
        doubled=verdict.twice,
        out_of_order=verdict.out_of_order,
        kills=kills,
        left_over=verdict.left_over,
        broken=broken,
        note=note,
    )


def writer_killed(ground: Ground, point: str) -> Outcome:
    """Kill whoever commits, each time at another pass of the point."""
    tries, kills = ground.times(50, 3), 0
    with open_place(ground) as place, workers(place.installation):
        for _ in range(tries):
            load = Load(commits=40, pause=0, crash=f"{point}:{ground.chance.randint(1, 8)}")
            kills += _died(start_load(place.installation, load))
        verdict = settle(place.installation)
    return outcome(
        f"kill -9 of the writer: {point}", ground, verdict, tries, kills=kills, broken=_all_died(tries, kills)
    )


def worker_killed(ground: Ground, point: str) -> Outcome:
    """Kill the relay or the consumer, each time at another pass of the point."""
    tries, kills = ground.times(50, 3), 0
    with open_place(ground) as place:
        with under_load(place.installation, Load(children=40, per_commit=40)):
            for _ in range(tries):
                kills += _died(place.installation.start_worker(f"{point}:{ground.chance.randint(1, 3)}"))
        with workers(place.installation):
            verdict = settle(place.installation)
    return outcome(
        f"kill -9 of the worker: {point}", ground, verdict, tries, kills=kills, broken=_all_died(tries, kills)
    )


def killed_at_what_it_tries_together(ground: Ground) -> Outcome:
    """Kill the consumer over stored facts that it tries together, each time over others."""
    tries, kills = ground.times(50, 3), 0
    with open_place(ground) as place:
        for n in range(tries):
            start_load(place.installation, Load(lane=f"turn-{n}", commits=3, pause=0)).join(60)
            _store_without_trying(place.installation)
            kills += _died(place.installation.start_worker("before_held_together:1"))
        with workers(place.installation):
            verdict = settle(place.installation)
    name = "kill -9 of the worker: before_held_together"
    return outcome(name, ground, verdict, tries, kills=kills, broken=_all_died(tries, kills))


def killed_at_what_it_holds(ground: Ground) -> Outcome:
    """Kill the consumer over facts that are tried one by one, because it was killed over them together.

    A fact at which five processes died is parked; at the end somebody lets those be tried again.
    """
    tries = ground.times(50, 3)
    with open_place(ground) as place:
        start_load(place.installation, Load(children=50, per_commit=50, commits=20, pause=0)).join(60)
        _store_without_trying(place.installation)
        kills = sum(
            _died(place.installation.start_worker(f"{point}:1"))
            for point in ("before_held_together", *["before_held_effect"] * tries)
        )
        with workers(place.installation):
            replayed = 0
            runtime = place.installation.runtime()
            while not (verdict := settle(place.installation, 5)).is_sound and replayed < 20:
                with runtime.database("scheduling").writing() as connection:
                    replay_parked(connection, Hand("faults", SystemClock().now()))
                replayed += 1
            runtime.close()
    name = "kill -9 of the worker: before_held_effect"
    return outcome(name, ground, verdict, tries, kills=kills, broken=_all_died(tries + 1, kills))


def _store_without_trying(installation: Installation) -> None:
    """Carry what was told into the inbox and no further, as a consumer that dies before it tries what came twice."""
    runtime, bus = installation.runtime(), installation.bus()
    bus.depths()
    relay, inbox = Relay(PEP, runtime, bus), Inbox(SCHEDULING, runtime, bus.services)
    left = relay.send_pending()
    relay.close()
    listener = bus.open_listener("scheduling")
    while left > 0:
        deliveries = listener.fetch(BATCH, 5)
        inbox.receive([each.body for each in deliveries], carefully=True)
        listener.acknowledge(deliveries)
        left -= len(deliveries)
        if not deliveries:
            raise RuntimeError(f"{left} facts did not arrive")
    listener.close()
    runtime.close()


def killed_at_random(ground: Ground) -> Outcome:
    """Kill workers and writers at any moment while much is told."""
    kills, wanted = 0, ground.times(150 if ground.form == "embedded" else 100, 5)
    load = Load(children=40, per_commit=100, pause=0.1 if ground.form == "embedded" else 0.25)
    with open_place(ground) as place:
        writer = start_load(place.installation, load)
        for n in range(wanted):
            worker = place.installation.start_worker()
            time.sleep(ground.chance.uniform(0.1, 0.8))
            victim = writer if n % 5 == 4 else worker
            victim.kill()
            victim.join()
            kills += victim.exitcode == KILLED
            if victim is writer:
                writer = start_load(place.installation, load)
                worker.kill()
                worker.join()
                kills += worker.exitcode == KILLED
        end(writer)
        with workers(place.installation):
            verdict = settle(place.installation, 120)
    return outcome("kill -9 of anyone at any moment", ground, verdict, kills, kills=kills)


def _died(process: ForkServerProcess) -> bool:
    process.join(60)
    died = process.exitcode == KILLED
    if process.is_alive():
        end(process)
    return died


def _all_died(tries: int, kills: int) -> tuple[str, ...]:
    return () if tries == kills else (f"{tries - kills} processes never came to the point",)
