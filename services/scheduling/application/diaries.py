"""People's own diaries: when they are busy, so that no time is offered at which they cannot come.

A person gives the address at which their calendar is published, or that of a CalDAV server with their user name and an
app password, which is kept sealed. Only when they are busy is kept, never what with, and
nobody but they sees the address. What is not known of a diary counts as not known, never as free.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.scheduling.adapters import diary_store
from services.scheduling.adapters.busy_reader import MAX_DIARY_BYTES, read_busy
from services.scheduling.adapters.caldav import CalDavAccount, fetch_busy_time
from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.adapters.diary_store import Diary
from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.domain.busy import Busy
from shared.kernel.clock import london_date, london_time
from shared.platform import roster
from shared.platform.access import permit, system_actor
from shared.platform.runtime import Runtime
from shared.platform.sealed_text import CannotBeOpened, seal, unseal
from shared.platform.service import ServiceSpec
from shared.platform.settings import Settings
from shared.platform.work import Work, reading_work, writing_work

READ_EVERY = timedelta(minutes=30)
KNOWN_FOR = timedelta(days=1)
"""How long after it was last read a diary still counts as known."""
AHEAD = timedelta(weeks=26)
_PURPOSE = "diary password"


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


@dataclass(frozen=True, slots=True)
class DiarySource:
    """Where a diary is read: what is published at an address, or with a user name that of a CalDAV server."""

    address: str
    user: str = ""
    password: str = field(default="", repr=False)


def fetch_diary(source: DiarySource, now: datetime, *, allow_loopback: bool) -> bytes:
    """Return as iCalendar when the owner of a diary is busy; raises `UnusableCalendar` saying why not."""
    if not source.user:
        return fetch_calendar(source.address, allow_loopback=allow_loopback, largest=MAX_DIARY_BYTES)
    account = CalDavAccount(source.address, source.user, source.password)
    first, last = _span(london_date(now))
    return fetch_busy_time(account, first, last, allow_loopback=allow_loopback, largest=MAX_DIARY_BYTES)


def keep_diary(work: Work, source: DiarySource, raw: bytes) -> None:
    """Keep the actor's diary as it was just fetched; raises `UnusableCalendar` when it is none."""
    permit(work, "scheduling.diary.keep_own")
    _keep(work, work.actor.person_id, source, raw)


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
        source = _source_of(found, runtime.settings)
        now = runtime.clock.now()
        raw, problem = fetch_diary(source, now, allow_loopback=runtime.settings.may_fetch_loopback), ""
    except UnusableCalendar as refused:
        source, raw, problem = DiarySource(found.address), b"", refused.message
    with writing_work(runtime, spec, suite) as work:
        owner = roster.person(work.connection, found.person_id)
        if owner is None or not owner.active:
            diary_store.forget(work.connection, found.person_id)
        elif diary_store.find(work.connection, found.person_id) == found:
            _read_again(work, found, source, raw, problem)
    return True


def _read_again(work: Work, found: Diary, source: DiarySource, raw: bytes, problem: str) -> None:
    try:
        if problem:
            raise UnusableCalendar("diary_unreachable", problem)
        _keep(work, found.person_id, source, raw)
    except UnusableCalendar as refused:
        diary_store.note_problem(work.connection, found.person_id, refused.message, work.now)


def _keep(work: Work, person_id: str, source: DiarySource, raw: bytes) -> None:
    ours = diary_store.own_uids(work.connection, person_id)
    busy: tuple[Busy, ...] = read_busy(raw, *_span(work.today), but=ours)
    sealed = seal(work.settings, _PURPOSE, source.password) if source.user else ""
    kept = Diary(person_id, source.address, work.now, work.now, account=source.user, sealed_password=sealed)
    diary_store.keep(work.connection, kept, busy)


def _source_of(kept: Diary, settings: Settings) -> DiarySource:
    if not kept.by_caldav:
        return DiarySource(kept.address)
    try:
        return DiarySource(kept.address, kept.account, unseal(settings, _PURPOSE, kept.sealed_password))
    except CannotBeOpened as lost:
        raise UnusableCalendar("diary_password_lost", "Enter the password of your calendar again.") from lost


def _span(today: date) -> tuple[datetime, datetime]:
    first = london_time(today, 0)
    return first, first + AHEAD
