"""The clock: it crosses the changes of spring and autumn and midnight, and it is set back and forward."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from faults.ground import Ground, open_place
from faults.kills import outcome
from faults.load import tell_next
from faults.outcome import Outcome
from shared.contracts.pep import ChildDetailsChanged
from shared.kernel.clock import FixedClock
from shared.platform.access import system_actor
from shared.platform.bus import BrokerUnavailable
from shared.platform.consumer import Consumer
from shared.platform.desk import held_events
from shared.platform.inbox import Inbox
from shared.platform.relay import Relay
from shared.platform.runtime import Runtime
from shared.platform.work import Work, writing_work
from shared.testing.crash_trial import PEP, judge
from shared.testing.ledger import listener, write_down

# The minute before each, in UTC: spring forward, midnight after it in summer time, fall back, midnight, a leap day.
MOMENTS = (
    datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
    datetime(2026, 3, 29, 22, 59, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 59, tzinfo=UTC),
    datetime(2026, 10, 25, 23, 59, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2028, 2, 28, 23, 59, tzinfo=UTC),
)
STEP = timedelta(seconds=20)
JUMPS = (timedelta(hours=-1), timedelta(hours=1), timedelta(days=-1), timedelta(days=1), timedelta(seconds=-5))


def crosses_the_changes(ground: Ground) -> Outcome:
    """Let the clock walk over each change and midnight in steps of 20 s; tell, fail, try again and hear at each."""
    walks = [[moment + STEP * n for n in range(ground.times(16, 7))] for moment in MOMENTS]
    return _walked(ground, "the clock crosses the changes and midnight", walks)


def is_set(ground: Ground) -> Outcome:
    """Set the clock back and forward by seconds, an hour and a day while facts wait for another try."""
    start = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    walks = []
    for jump in JUMPS:
        before = [start + STEP * n for n in range(2)]
        after = [before[-1] + jump + STEP * n for n in range(ground.times(8, 4))]
        walks.append(before + after)
    return _walked(ground, "the clock is set back and forward", walks)


class Hiccup(Exception):
    """What every other fact does at its first try."""


def _walked(ground: Ground, name: str, walks: Sequence[Sequence[datetime]]) -> Outcome:
    failed: set[tuple[str, int]] = set()

    def react(work: Work, heard: ChildDetailsChanged) -> None:
        key = (heard.child_id, heard.year_group)
        if heard.year_group % 2 == 0 and key not in failed:
            failed.add(key)
            raise Hiccup
        write_down(work, heard)

    clock, steps, stuck, wrong_days = FixedClock(MOMENTS[0]), 0, 0, 0
    with open_place(ground) as place:
        runtime = Runtime(place.installation.runtime().settings, clock)
        bus, ear = place.installation.bus(), listener(react)
        relay, consumer = Relay(PEP, runtime, bus), Consumer(ear, runtime, bus)
        inbox = Inbox(ear, runtime, bus.services)
        numbers: dict[str, int] = {}
        consumer.take_in(0)
        for walk in walks:
            for now in walk:
                clock.set(now)
                steps += 1
                with writing_work(runtime, PEP, system_actor("northmoor")) as work:
                    wrong_days += work.today != _day_in_england(now)
                    for n in range(10):
                        tell_next(work, numbers, f"a-{n % 5}")
                _carry(relay, consumer, inbox)
            # A minute is enough for a second try, however the clock was set meanwhile.
            for _ in range(3):
                clock.set(clock.now() + STEP)
                inbox.try_held()
            with runtime.database("scheduling").reading() as connection:
                stuck += len(held_events(connection))
        while consumer.take_in(0.5):
            pass
        relay.close()
        consumer.close()
        verdict = judge(place.installation)
        runtime.close()
    broken: tuple[str, ...] = (f"{stuck} facts waited longer than a minute",) if stuck else ()
    broken += (f"{wrong_days} times the day in England was wrong",) if wrong_days else ()
    note = f"{len(failed)} facts failed at first and were tried again"
    return outcome(name, ground, verdict, steps, note=note, broken=broken)


def _carry(relay: Relay, consumer: Consumer, inbox: Inbox) -> None:
    """Send and take in all that is committed, as the worker does; a link that the broker gave up is opened anew."""
    for _ in range(3):
        try:
            sent = relay.send_pending()
            while sent > 0 and (taken := consumer.take_in(5.0)):
                sent -= taken
            break
        except BrokerUnavailable:
            relay.close()
            consumer.close()
    inbox.try_held()


def _day_in_england(now: datetime) -> date:
    """Work the day out anew: from 1am UTC on the last Sunday of March to that of October clocks are an hour ahead."""
    spring, autumn = (_last_sunday(now.year, month) for month in (3, 10))
    return (now + timedelta(hours=spring <= now < autumn)).date()


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
