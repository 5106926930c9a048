"""Writing the history: every step names who did it, acting as whom, also when it came from another service."""

from __future__ import annotations

from datetime import datetime

from services.pep.adapters import history_store
from services.pep.domain.history import HistoryEntry
from services.pep.domain.periods import long_date
from shared.contracts.roles import Role
from shared.kernel.clock import LONDON, london_date
from shared.platform import roster
from shared.platform.access import Standing, standing
from shared.platform.work import Work

LONGEST_NAME = 200
_SERVICE_WORDS = {"scheduling": "Meetings", "virtual_school": "Virtual School monitoring"}


def record(work: Work, child_id: str, plan_id: str, code: str, **facts: str) -> None:
    """Append one step to the history; the facts are words already."""
    history_store.add_entries(work.connection, [entry(work, child_id, plan_id, code, **facts)])


def entry(work: Work, child_id: str, plan_id: str, code: str, **facts: str) -> HistoryEntry:
    """Return a step as it will be kept, without storing it."""
    person_id, name, role = who_acts(work, child_id)
    return HistoryEntry(work.now, person_id, name, role, child_id, plan_id, code, facts)


def who_acts(work: Work, child_id: str) -> tuple[str, str, str]:
    """Return id, name at this time and role in words of whoever acts, or of whoever caused the event reacted to."""
    if work.cause is None:
        if work.actor.system:
            return work.actor.person_id, "", ""
        found = standing(work, child_id)
        return found.actor.person_id, _name_acting(work, found), _role_words(found.acting_as)
    person = roster.person(work.connection, work.cause.actor) if work.cause.actor else None
    if person is None:
        return work.cause.actor, "", _role_words(work.cause.acting_as) or _SERVICE_WORDS.get(work.cause.source, "")
    return person.id, person.name, _role_words(work.cause.acting_as)


def _name_acting(work: Work, found: Standing) -> str:
    """Return the actor's name; a delegate's with whom they act for, who stays accountable."""
    if found.acting_as != Role.DELEGATE:
        return found.actor.name
    accountable = roster.person(work.connection, found.thing.acts_for)
    return f"{found.actor.name} for {accountable.name}"[:LONGEST_NAME] if accountable else found.actor.name


def time_words(instant: datetime) -> str:
    """Return an instant as people in England say it: “Monday 7 December 2026 at 2:30pm”."""
    local = instant.astimezone(LONDON)
    day = london_date(instant)
    half = "am" if local.hour < 12 else "pm"
    at = f"{local.hour % 12 or 12}{f':{local:%M}' if local.minute else ''}{half}"
    if local.minute == 0 and local.hour % 12 == 0:
        at = "midday" if local.hour else "midnight"
    return f"{day:%A} {long_date(day)} at {at}"


def _role_words(role: str) -> str:
    return Role(role).title if role in set(Role) else role.replace("_", " ")
