"""Runs the authority's rules over children: raises what they find, closes what is over, and tells the others.

Run as facts arrive, for the children they are about, and daily for everyone, as time alone makes a plan late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

from services.virtual_school.adapters import (
    attendance_store,
    children_store,
    concerns_store,
    plans_store,
    suspensions_store,
)
from services.virtual_school.adapters.policy_files import policy_for
from services.virtual_school.domain.attendance import Attendance
from services.virtual_school.domain.children import Child
from services.virtual_school.domain.concerns import ChildFacts, Concern, ConcernState, Fired, Over, evaluate
from services.virtual_school.domain.policy import ConcernRules
from shared.contracts.virtual_school import ConcernClosed, ConcernRaised
from shared.kernel.errors import Stale
from shared.kernel.ids import new_id
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work


def monitor(work: Work, child_ids: Iterable[str]) -> None:
    """Evaluate the rules for some children, each by those of their authority.

    Five queries for each 500 of one authority, whatever is found.
    """
    for chunk in children_store.in_chunks(sorted(set(child_ids))):
        found: list[Concern] = []
        children = sorted(children_store.load_many(work.connection, chunk), key=lambda child: child.authority)
        for authority, own in groupby(children, key=lambda child: child.authority):
            rules = policy_for(authority, work.today).concerns
            for facts in _facts(work, list(own), rules):
                findings = evaluate(facts, rules, work.today, ENGLAND_AND_WALES)
                for over in findings.over:
                    _close(work, over)
                found.extend(_new(facts.child_id, fired, work.today) for fired in findings.fired)
        for concern in concerns_store.add(work.connection, found):
            work.publish(f"child/{concern.child_id}", raised(concern))


def monitor_everyone(work: Work) -> None:
    """Evaluate the rules for every child who is looked after; safe to run any number of times."""
    monitor(work, children_store.ids_in_care(work.connection))


def _facts(work: Work, children: Sequence[Child], rules: ConcernRules) -> list[ChildFacts]:
    connection, today = work.connection, work.today
    child_ids = [child.id for child in children]
    window_from = today - timedelta(days=rules.attendance.over_days - 1) if rules.attendance else today
    attendance = attendance_store.totals(connection, child_ids, window_from, today)
    suspensions = suspensions_store.of_children(connection, child_ids)
    plans = plans_store.of_children(connection, child_ids)
    concerns = concerns_store.of_children(connection, child_ids)
    return [
        ChildFacts(
            child_id=child.id,
            in_care=child.in_care,
            year_group=child.year_group,
            has_school=child.school_urn is not None,
            no_school_since=child.no_school_since,
            left_care_on=child.left_care_on,
            attendance=attendance.get(child.id, Attendance()),
            window_from=window_from,
            suspensions=tuple(suspensions[child.id]),
            plans=tuple(plans[child.id]),
            concerns=tuple(concerns[child.id]),
        )
        for child in children
    ]


def _new(child_id: str, fired: Fired, today: date) -> Concern:
    return Concern(
        id=new_id(),
        child_id=child_id,
        rule=fired.rule,
        cause=fired.cause,
        raised_on=today,
        answer_by=fired.answer_by,
        evidence=fired.evidence,
    )


def raised(concern: Concern) -> ConcernRaised:
    """Return the beginning of a concern as the others are told."""
    return ConcernRaised(
        child_id=concern.child_id,
        concern_id=concern.id,
        rule=concern.rule.value,
        raised_on=concern.raised_on,
        answer_by=concern.answer_by,
        evidence=concern.evidence,
    )


def closed(concern: Concern) -> ConcernClosed | None:
    """Return the end of a concern as the others are told; None while it goes on."""
    if concern.closed_on is None or concern.outcome is None:
        return None
    return ConcernClosed(concern.child_id, concern.id, concern.closed_on, concern.outcome.value)


def _close(work: Work, over: Over) -> None:
    concern = over.concern
    ended = replace(
        concern,
        state=ConcernState.CLOSED,
        closed_on=work.today,
        outcome=over.outcome,
        closing_evidence=over.evidence,
    )
    try:
        concerns_store.save(work.connection, ended)
    except Stale:
        # Somebody answered or closed it this very moment; the next run looks at it as it is then.
        return
    work.publish(
        f"child/{concern.child_id}", ConcernClosed(concern.child_id, concern.id, work.today, over.outcome.value)
    )
