"""Saying again what was decided and raised, for a service that lost its copies: the same facts, with the next numbers.

A service that lost nothing hears what it knows already, and nothing changes there. What a concern was answered with is
not the Virtual School's to tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.virtual_school.adapters import concerns_store, plans_store
from services.virtual_school.adapters.policy_files import policy_for
from services.virtual_school.application.monitoring import closed, raised
from services.virtual_school.application.rating import decided
from shared.platform import roster
from shared.platform.work import Work


def subjects(work: Work) -> list[str]:
    """Return the children of whom a plan was decided or a concern was raised."""
    rated = plans_store.children_with_ratings(work.connection)
    concerned = concerns_store.children_with_concerns(work.connection)
    return [f"child/{child_id}" for child_id in sorted({*rated, *concerned})]


def announce(work: Work, chosen: Sequence[str]) -> None:
    """Publish anew the decisions on these children's plans and their concerns, the oldest first."""
    children = [subject.removeprefix("child/") for subject in chosen]
    concerns = concerns_store.of_children(work.connection, children)
    authorities = roster.authorities_of(work.connection, children)
    for child_id in children:
        for rated in reversed(plans_store.ratings_of(work.connection, child_id=child_id)):
            rubric = policy_for(authorities[child_id], rated.policy_from).rubric
            work.publish(f"child/{child_id}", decided(rated, rubric))
        for concern in reversed(concerns[child_id]):
            work.publish(f"child/{child_id}", raised(concern))
            if (end := closed(concern)) is not None:
                work.publish(f"child/{child_id}", end)
