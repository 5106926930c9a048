"""People's own diaries: when they are busy, so that no time is offered at which they cannot come.

A person gives the address at which their calendar is published. Only when they are busy is kept, never what with, and
nobody but they sees the address. What is not known of a diary counts as not known, never as free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.scheduling.adapters import diary_store
from services.scheduling.adapters.busy_reader import MAX_DIARY_BYTES, read_busy
from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.adapters.diary_store import Diary
from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.domain.busy import Busy
from shared.kernel.clock import london_time
from shared.platform import roster
from shared.platform.access import permit, system_actor
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import Work, reading_work, writing_work

READ_EVERY = timedelta(minutes=30)
KNOWN_FOR = timedelta(days=1)
"""How long after it was last read a diary still counts as known."""
AHEAD = timedelta(weeks=26)


@dataclass(frozen=True, slots=True)
class OwnDiary:
    """A person's diary as they see it themselves: `busy` is how often they are busy in the coming six weeks."""

    diary: Diary
    busy: int
    is_known: bool


def own_diary(work: Work) -> OwnDiary | None:
    """Return the actor's own diary, if they gave one."""
    permit(work, "scheduling.diary.keep_own")
    found = diary_store.find(work.connection, work.actor.person_id)
    if found is None:
        return None
    ahead = diary_store.busy(work.connection, [found.person_id], work.now, work.now + timedelta(weeks=6))
    return OwnDiary(found, len(ahead.get(found.person_id, ())), work.now - found.read_at <= KNOWN_FOR)


def fetch_diary(address: str, *, allow_loopback: bool) -> bytes:
    """Return what is published at an address; raises `UnusableCalendar` saying what stands in the way."""
    return fetch_calendar(address, allow_loopback=allow_loopback, largest=MAX_DIARY_BYTES)


def keep_diary(work: Work, address: str, raw: bytes) -> None:
    """Keep the actor's diary as it was just fetched; raises `UnusableCalendar` when it is none."""
    permit(work, "scheduling.diary.keep_own")
    _keep(work, work.actor.person_id, address, raw)


def forget_diary(work: Work) -> None:
    """Forget the actor's diary, and all that was read from it."""
    permit(work, "scheduling.diary.keep_own")
    diary_store.forget(work.connection, work.actor.person_id)


def read_due_diary(runtime: Runtime, spec: ServiceSpec) -> bool:
    """Read the diary anew that was not read for the longest time; return whether one was due.

    One at a time: the next is read two seconds later.
    """
    suite = system_actor()
    with reading_work(runtime, spec, suite) as work:
        found = diary_store.due(work.connection, work.now - READ_EVERY)
    if found is None:
        return False
    try:
        raw, problem = fetch_diary(found.address, allow_loopback=runtime.settings.may_fetch_loopback), ""
    except UnusableCalendar as refused:
        raw, problem = b"", refused.message
    with writing_work(runtime, spec, suite) as work:
        owner = roster.person(work.connection, found.person_id)
        if owner is None or not owner.active:
            diary_store.forget(work.connection, found.person_id)
        elif diary_store.find(work.connection, found.person_id) == found:
            _read_again(work, found, raw, problem)
    return True


def _read_again(work: Work, found: Diary, raw: bytes, problem: str) -> None:
    try:
        if problem:
            raise UnusableCalendar("diary_unreachable", problem)
        _keep(work, found.person_id, found.address, raw)
    except UnusableCalendar as refused:
        diary_store.note_problem(work.connection, found.person_id, refused.message, work.now)


def _keep(work: Work, person_id: str, address: str, raw: bytes) -> None:
    first = london_time(work.today, 0)
    ours = diary_store.own_uids(work.connection, person_id)
    busy: tuple[Busy, ...] = read_busy(raw, first, first + AHEAD, but=ours)
    diary_store.keep(work.connection, Diary(person_id, address, work.now, work.now), busy)
