"""What a person has to do next: one item of the work list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to do, why, and by when.

    `what` begins with a verb ("Write the school's sections of Amara's plan"); `why` is a sentence that names the
    rule or what happened. `by` is the last day to do it on, or None where nothing sets one. `path` is the page where
    it is done, from the root of the service that has it ("/plans/…"), which is pep unless `service` says otherwise.
    `key` is the same each time the list is made, so that an item told by two sources is shown once.
    """

    key: str
    what: str
    why: str
    path: str
    by: date | None = None
    child_id: str = ""
    child_name: str = ""
    service: str = "pep"

    def is_overdue(self, today: date) -> bool:
        """Tell whether the last day to do it has passed."""
        return self.by is not None and self.by < today


def in_order(items: Iterable[WorkItem]) -> tuple[WorkItem, ...]:
    """Return the items with the earliest date first and those without a date last, each key once."""
    once = {item.key: item for item in items}
    return tuple(
        sorted(once.values(), key=lambda item: (item.by is None, item.by or date.max, item.child_name, item.what))
    )
