"""The team around the child: who may hold which role, and from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

from shared.contracts.languages import ENGLISH, LANGUAGES
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, DomainError, InvalidInput

ONE_AT_A_TIME = frozenset(
    {Role.SOCIAL_WORKER, Role.TEAM_MANAGER, Role.IRO, Role.DESIGNATED_TEACHER, Role.VIRTUAL_SCHOOL_CASEWORKER}
)
"""The roles that one person at a time holds on a team: work is theirs, so it must be clear whose."""

FAMILY = frozenset({Role.CARER, Role.PARENT, Role.CHILD, Role.ADVOCATE})
"""The roles of people whom the team writes down itself; staff are known to the authority already."""

STAFF = tuple(role for role in Role if role not in FAMILY)
"""The roles of those who work for the authority or a school."""

TEAM_ROLES = tuple(role for role in Role if role not in (Role.VIRTUAL_SCHOOL_HEAD, Role.DELEGATE))
"""The roles in which people are put on a team.

The Virtual School head answers for every child and needs no place; a delegate is named by the designated teacher.
"""

SCHOOL_STAFF = frozenset({Role.DESIGNATED_TEACHER, Role.DELEGATE})
"""The roles of those who work at one school."""


class Place(Protocol):
    """A person's place on a team, from a day until a last day (open when empty)."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def person_id(self) -> str: ...  # noqa: D102
    @property
    def role(self) -> Role: ...  # noqa: D102
    @property
    def from_date(self) -> date: ...  # noqa: D102
    @property
    def until(self) -> date | None: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


def check_language(language: str) -> None:
    """Refuse a language that is not on the list; raises `InvalidInput`."""
    if language != ENGLISH and language not in LANGUAGES:
        raise InvalidInput({"language": ["Choose a language from the list."]})


def overlaps(place: Place, from_date: date, until: date | None = None) -> bool:
    """Tell whether a place is held on any day from `from_date` to `until` (both inside, open when empty)."""
    return (place.until is None or place.until >= from_date) and (until is None or place.from_date <= until)


def answers_today(team: Iterable[Place], person_id: str, today: date) -> frozenset[str]:
    """Return who answers today for what somebody promised: themselves while they are on the team.

    Afterwards it is whoever has the role that they had last, where one person at a time holds it; else nobody.
    """
    places = [one for one in team if not was_never_taken(one)]
    now = [one for one in places if overlaps(one, today, today)]
    if any(one.person_id == person_id for one in now):
        return frozenset({person_id})
    former = [one for one in places if one.person_id == person_id and one.until is not None and one.until < today]
    last = max((one.until for one in former if one.until), default=None)
    roles = {one.role for one in former if one.until == last} & ONE_AT_A_TIME
    return frozenset(one.person_id for one in now if one.role in roles)


def was_never_taken(place: Place) -> bool:
    """Tell whether a place ended before its first day: it was planned and called off."""
    return place.until is not None and place.until < place.from_date


def check_may_join(
    team: Iterable[Place], person_id: str, kinds: frozenset[Role], role: Role, from_date: date, entered_care_on: date
) -> None:
    """Raise unless a person of these `kinds` may join a team in `role` from a day.

    `InvalidInput` for a role that is not theirs or a day before care began; `Conflict` with code `already_on_team`, or
    `role_taken` where one person at a time holds the role.
    """
    if role not in TEAM_ROLES:
        raise InvalidInput({"role": ["Choose a role of the team around the child."]})
    if role not in FAMILY and role not in kinds:
        raise InvalidInput({"person_id": [f"This person is not known as: {role.title}."]})
    if from_date < entered_care_on:
        raise InvalidInput({"from_date": ["The first day must not be before the child became looked after."]})
    for place in team:
        if place.role is not role or not overlaps(place, from_date):
            continue
        if place.person_id == person_id:
            raise Conflict("already_on_team", f"{place.name} is on the team in this role already.")
        if role in ONE_AT_A_TIME:
            raise Conflict(
                "role_taken",
                f"{place.name} holds this role. Change the worker, or end that membership first.",
                membership_id=place.id,
            )


def check_may_end(place: Place, until: date) -> None:
    """Raise unless a membership may have `until` as its last day."""
    if place.until is not None and place.until <= until:
        raise Conflict("membership_ended", f"{place.name}'s place on the team has ended already.")
    if until < place.from_date:
        raise InvalidInput({"until": ["The last day must not be before the first day on the team."]})


def hand_over(place: Place, from_date: date) -> date:
    """Return the last day of the person who hands over to a successor whose first day is `from_date`.

    The day before, so that the work is one person's on each day; the same day where they began on that day.
    """
    if place.until is not None and place.until < from_date:
        raise Conflict("membership_ended", f"{place.name}'s place on the team has ended already.")
    if from_date < place.from_date:
        raise DomainError("hand_over_too_early", f"{place.name} joins the team only on a later day.")
    return max(from_date - timedelta(days=1), place.from_date)
