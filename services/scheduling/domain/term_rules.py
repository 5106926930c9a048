"""What an authority has decided about drafts of a term: dated data, like the rest of its policy for meetings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from services.scheduling.domain.term_plan import Worth
from shared.contracts.roles import Role


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many meetings somebody may have a day and a week, and how many a week are still fair (None: no bound)."""

    a_day: int | None = None
    a_week: int | None = None
    fair_a_week: int | None = None


@dataclass(frozen=True, slots=True)
class TermRules:
    """The rules of a draft. `bounds` are by role; the strictest holds for somebody who comes in several.

    Those in `visiting_roles` travel to the school, which is worth sharing between meetings. A meeting had best be
    `ideal_days` working days before its latest date, and starts at every so many minutes past the hour.
    """

    bounds: Mapping[Role, Bounds] = field(default_factory=dict)
    visiting_roles: frozenset[Role] = frozenset()
    ideal_days: int = 10
    every_minutes: int = 30
    worth: Worth = field(default_factory=Worth)

    def with_worker(self, bounds: Bounds) -> TermRules:
        """Return the rules with other bounds for social workers: those that whoever drafts a term chose."""
        return replace(self, bounds={**self.bounds, Role.SOCIAL_WORKER: bounds})

    @property
    def worker(self) -> Bounds:
        """Return the bounds of a social worker."""
        return self.bounds.get(Role.SOCIAL_WORKER, Bounds())

    def bounds_of(self, roles: frozenset[Role]) -> Bounds:
        """Return the strictest bounds of several roles."""
        among = [self.bounds[role] for role in roles if role in self.bounds]

        def strictest(name: str) -> int | None:
            return min((most for one in among if (most := getattr(one, name)) is not None), default=None)

        return Bounds(strictest("a_day"), strictest("a_week"), strictest("fair_a_week"))


def read_term_rules(data: Mapping[str, Any]) -> TermRules:
    """Read the rules from their JSON form (`term_plan` of a meeting policy); a misspelt value raises."""
    return TermRules(
        bounds={Role(role): Bounds(**bounds) for role, bounds in data["bounds"].items()},
        visiting_roles=frozenset(Role(role) for role in data["visiting_roles"]),
        ideal_days=int(data["ideal_days"]),
        every_minutes=int(data["every_minutes"]),
        worth=Worth(**data["worth"]),
    )
