"""The day of one school, where it is not as the authority's policy takes it to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time

from services.scheduling.domain.policy import MeetingPolicy
from shared.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class SchoolHours:
    """When a school's lessons start and end, and its midday break; wall-clock times in England."""

    school_urn: str
    starts: time
    ends: time
    lunch_starts: time
    lunch_ends: time
    recorded_at: datetime
    recorded_by: str


def check_hours(hours: SchoolHours) -> SchoolHours:
    """Return hours that can be meant; raises `InvalidInput` by field otherwise."""
    errors: dict[str, list[str]] = {}
    if hours.ends <= hours.starts:
        errors["ends"] = ["The school day must end after it starts."]
    if hours.lunch_ends <= hours.lunch_starts:
        errors["lunch_ends"] = ["Lunch must end after it starts."]
    if not errors and not hours.starts <= hours.lunch_starts < hours.lunch_ends <= hours.ends:
        errors["lunch_starts"] = ["Lunch must be within the school day."]
    if errors:
        raise InvalidInput(errors)
    return hours


def policy_at(policy: MeetingPolicy, hours: SchoolHours | None) -> MeetingPolicy:
    """Return an authority's policy with the day of a school in the place of the usual one."""
    if hours is None:
        return policy
    return replace(
        policy,
        lessons_start=hours.starts,
        lessons_end=hours.ends,
        lunch_starts=hours.lunch_starts,
        lunch_ends=hours.lunch_ends,
    )
