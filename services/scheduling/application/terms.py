"""Bringing in a school's term calendar, and looking at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from services.scheduling.adapters import children_store, term_store
from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.adapters.children_store import School
from services.scheduling.adapters.term_calendars import MAX_BYTES, UnusableCalendar, read_term_dates
from services.scheduling.adapters.term_store import StoredCalendar
from services.scheduling.domain.term_calendar import TermCalendar, TermDateKind
from shared.contracts.roles import Role
from shared.kernel.errors import Denied, InvalidInput, NotFound
from shared.platform.access import permit
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class SchoolTerms:
    """A school with its term calendar as it is kept (None where none was brought in) and as it answers."""

    school: School
    stored: StoredCalendar | None
    calendar: TermCalendar

    @property
    def closed_days(self) -> int:
        """Return how many days the calendar names as closed to pupils."""
        entries = self.stored.entries if self.stored else ()
        return sum((entry.last - entry.first).days + 1 for entry in entries if entry.kind is TermDateKind.CLOSED)

    def school_days_ahead(self, today: date, days: int = 42) -> int:
        """Return on how many of the coming `days` days the school meets."""
        return len(self.calendar.school_days(today + timedelta(days=1), today + timedelta(days=days)))


def import_terms(work: Work, school: str, raw: bytes, name: str) -> SchoolTerms:
    """Bring in the term calendar of the school with this URN or name; `name` says where it came from.

    Raises `UnusableCalendar`, `NotFound` (no such school) or `InvalidInput` (several schools have such a name).
    """
    return import_file(work, find_school(work, school).urn, raw, name)


def read_calendar(file_or_url: str, *, allow_loopback: bool) -> tuple[bytes, str]:
    """Return the bytes of a calendar and its name, from a file's path or a web address; raises `UnusableCalendar`.

    Call it outside a unit of work: somebody else's server may take its time.
    """
    if "://" in file_or_url:
        return fetch_calendar(file_or_url, allow_loopback=allow_loopback), file_or_url
    path = Path(file_or_url)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnusableCalendar("calendar_too_big", "The calendar is larger than 1 MB. Export the term dates only.")
        return path.read_bytes(), path.name
    except OSError as error:
        raise UnusableCalendar("calendar_not_there", f"The file {path} cannot be read: {error.strerror}.") from error


def import_file(work: Work, urn: str, raw: bytes, name: str) -> SchoolTerms:
    """Bring in the term calendar of a school from a file's bytes; `name` says where it came from."""
    may_import(work, urn)
    entries = read_term_dates(raw)
    by = work.actor.name
    term_store.store(work.connection, StoredCalendar(urn, name[:500], work.now, by, entries))
    return look_at_terms(work, urn)


def look_at_terms(work: Work, urn: str) -> SchoolTerms:
    """Return a school's term calendar; raises `NotFound` for an unknown school."""
    permit(work, "scheduling.terms.read")
    school = children_store.load_school(work.connection, urn)
    if school is None:
        raise NotFound("school_not_found", "There is no school with that number.")
    stored = term_store.load(work.connection, urn)
    calendar = TermCalendar(school.name, stored.entries if stored else (), ENGLAND_AND_WALES)
    return SchoolTerms(school, stored, calendar)


def find_school(work: Work, urn_or_name: str) -> School:
    """Return the one school with this URN or (part of a) name."""
    found = children_store.find_schools(work.connection, urn_or_name)
    if not found:
        raise NotFound("school_not_found", f"No school is called “{urn_or_name}” or has that number.")
    if len(found) > 1:
        names = "; ".join(f"{school.name} ({school.urn})" for school in found)
        raise InvalidInput({"school": [f"Several schools match: {names}."]}, f"Several schools match: {names}.")
    return found[0]


def may_import(work: Work, urn: str) -> None:
    """Let the actor bring in a school's calendar, or refuse: a designated teacher only their own school's."""
    permit(work, "scheduling.terms.import")
    teaches_elsewhere = work.actor.kinds == {Role.DESIGNATED_TEACHER} and work.actor.school_urn != urn
    if teaches_elsewhere and not work.actor.system:
        raise Denied("not_your_school", "You can only bring in the term dates of your own school.")
