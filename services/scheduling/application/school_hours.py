"""The day of a school: when lessons start and end, and lunch."""

from __future__ import annotations

from datetime import time

from services.scheduling.adapters import school_hours_store
from services.scheduling.adapters.policies import load_policies
from services.scheduling.application.terms import look_at_terms, may_import
from services.scheduling.domain.policy import MeetingPolicy, policy_on
from services.scheduling.domain.school_hours import SchoolHours, check_hours
from shared.platform.work import Work


def hours_of_school(work: Work, urn: str) -> SchoolHours | None:
    """Return the day of a school where it is known; raises `NotFound` for an unknown school."""
    look_at_terms(work, urn)
    return school_hours_store.of_schools(work.connection, [urn]).get(urn)


def usual_hours(work: Work) -> MeetingPolicy:
    """Return the policy of the actor's authority, which has the hours that hold for schools that say nothing."""
    return policy_on(load_policies(work.actor.authority), work.today)


def keep_school_hours(
    work: Work, urn: str, *, starts: time, ends: time, lunch_starts: time, lunch_ends: time
) -> SchoolHours:
    """Keep the day of a school; raises `InvalidInput`, `NotFound`, or `Denied` to another school's teacher."""
    may_import(work, urn)
    look_at_terms(work, urn)
    kept = check_hours(SchoolHours(urn, starts, ends, lunch_starts, lunch_ends, work.now, work.actor.name))
    school_hours_store.keep(work.connection, kept)
    return kept


def forget_school_hours(work: Work, urn: str) -> None:
    """Forget the day of a school, so that the usual hours hold again."""
    may_import(work, urn)
    look_at_terms(work, urn)
    school_hours_store.forget(work.connection, urn)
