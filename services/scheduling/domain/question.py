"""What a time is looked for: whose, from when, by when, for how long; and all that is known of those it must suit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.scheduling.domain.busy import Busy, BusyKind, Taken, Weekly
from services.scheduling.domain.policy import MeetingPolicy
from services.scheduling.domain.term_calendar import TermCalendar
from shared.kernel.working_days import add_working_days


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the time must suit (`required`) or had better suit.

    `busy` and `weekly` say when they are taken, and why. `knows_diary` tells whether their own diary was read lately:
    if not, that it holds nothing says nothing. It was read up to `known_until` (without it: as far as anybody asks).
    """

    id: str
    name: str
    required: bool
    busy: tuple[Busy, ...] = ()
    weekly: tuple[Weekly, ...] = ()
    knows_diary: bool = False
    known_until: datetime | None = None

    def knows(self, ends_at: datetime) -> bool:
        """Tell whether their own diary is known up to an instant."""
        return self.knows_diary and (self.known_until is None or ends_at <= self.known_until)

    def taken(self, *, rules_out: bool) -> list[Taken]:
        """Return the stretches that rule a time out, or else those that only speak against it."""
        stretches: list[Taken] = [*self.busy, *self.weekly]
        if not self.required:
            return [] if rules_out else stretches
        return [one for one in stretches if one.hard is rules_out]

    def reasons(self, starts_at: datetime, ends_at: datetime) -> dict[BusyKind, Taken]:
        """Return why they are taken between two instants of one day: of each kind of reason the first stretch."""
        found: dict[BusyKind, Taken] = {}
        stretches: tuple[Taken, ...] = (*self.busy, *self.weekly)
        for one in stretches:
            if one.kind not in found and one.touches(starts_at, ends_at):
                found[one.kind] = one
        return found


@dataclass(frozen=True, slots=True)
class RoomTimes:
    """A room that would do for the meeting, and when it is booked; `seats` is 0 where nobody said."""

    id: str
    name: str
    seats: int = 0
    busy: tuple[Busy, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a time is looked for.

    `policy` has the hours of the child's own school where these are known. `child` is the child as their lessons stand
    in the way (a stretch that is not hard is a lesson they had better not miss); `rooms` are those of which one must be
    free, none where no room is wanted.
    """

    today: date
    meet_by: date
    minutes: int
    policy: MeetingPolicy
    calendar: TermCalendar
    people: tuple[Person, ...]
    child: Person | None = None
    rooms: tuple[RoomTimes, ...] = ()

    @property
    def earliest(self) -> date:
        """Return the first day that leaves the authority's clear working days of notice."""
        return add_working_days(self.today, self.policy.notice_days + 1, self.calendar.bank_holidays)

    @property
    def parties(self) -> tuple[Person, ...]:
        """Return everybody whose time counts: those invited, and the child with their lessons."""
        return self.people if self.child is None else (*self.people, self.child)
