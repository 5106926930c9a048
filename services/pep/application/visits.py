"""The social worker's visits: recorded with whether the child was spoken to in private, and when the next is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.pep.adapters import children_store, visits_store
from services.pep.adapters.policies import load_calendar
from services.pep.application.history import record
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.domain import visits as rules
from services.pep.domain.children import Child
from services.pep.domain.periods import long_date
from services.pep.domain.visits import Visit, VisitDue, VisitPattern
from shared.kernel.errors import Conflict
from shared.kernel.ids import new_id
from shared.platform.access import may, permit
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class VisitWords:
    """A visit as it is entered."""

    visited_on: date
    seen: bool
    alone: bool
    why_not: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class VisitsPage:
    """The visits to one child, how often they are due and since when, and when the next one is."""

    child: Child
    visits: tuple[Visit, ...]
    pattern: VisitPattern
    pattern_set: tuple[str, datetime] | None
    placed_on: date
    due: VisitDue | None
    may_record: bool


def record_visit(work: Work, child_id: str, words: VisitWords) -> Visit:
    """Record a visit; raises `InvalidInput` by field, `Conflict` out of care."""
    permit(work, "pep.visit.record", child_id)
    child = children_store.load(work.connection, child_id)
    if not child.in_care:
        raise Conflict("not_in_care", "The child is no longer looked after.")
    visit = Visit(
        new_id(),
        child_id,
        words.visited_on,
        words.seen,
        words.alone,
        "" if words.seen and words.alone else words.why_not.strip(),
        words.note.strip(),
        work.actor.person_id,
        work.actor.name,
        work.now,
    )
    rules.check_visit(visit, child, work.today)
    refuse_what_gives_it_away(work, child_id, {"why_not": visit.why_not, "note": visit.note})
    visits_store.add(work.connection, visit)
    record(work, child_id, "", "visit_recorded", visited_on=long_date(visit.visited_on))
    return visit


def set_visit_pattern(work: Work, child_id: str, pattern: VisitPattern) -> None:
    """Say how often visits are due from now on; saying the same again changes nothing."""
    permit(work, "pep.visit.record", child_id)
    known = visits_store.patterns_of(work.connection, [child_id])[child_id]
    if (known[0][0] if known else VisitPattern.ORDINARY) is pattern:
        return
    visits_store.set_pattern(work.connection, child_id, pattern, work.actor.name, work.now)
    record(work, child_id, "", "visits_set")


def read_visits(work: Work, child_id: str) -> VisitsPage:
    """Return the visits to a child and when the next is due; raises `NotFound` or `Denied`."""
    permit(work, "pep.visit.read", child_id)
    child = children_store.load(work.connection, child_id)
    patterns = visits_store.patterns_of(work.connection, [child_id])[child_id]
    return VisitsPage(
        child=child,
        visits=tuple(visits_store.of_children(work.connection, [child_id])[child_id]),
        pattern=patterns[0][0] if patterns else VisitPattern.ORDINARY,
        pattern_set=patterns[0][1:] if patterns else None,
        placed_on=visits_store.placed_on(work.connection, [child_id]).get(child_id, child.placement_started_on),
        due=visits_due(work, [child]).get(child_id),
        may_record=may(work, "pep.visit.record", child_id) and child.in_care,
    )


def visits_due(work: Work, children: Sequence[Child]) -> dict[str, VisitDue]:
    """Return when each of these children is to be visited next; three queries, however many there are."""
    ids = [child.id for child in children]
    visits = visits_store.of_children(work.connection, ids)
    patterns = visits_store.patterns_of(work.connection, ids)
    placed = visits_store.placed_on(work.connection, ids)
    found = {}
    for child in children:
        pattern = patterns[child.id][0][0] if patterns[child.id] else VisitPattern.ORDINARY
        since = placed.get(child.id, child.placement_started_on)
        due = rules.next_visit(child, since, visits[child.id], pattern, load_calendar(child.authority))
        if due is not None:
            found[child.id] = due
    return found
