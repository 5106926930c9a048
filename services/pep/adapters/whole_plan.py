"""A plan with all that belongs to it, in one statement: what a page or an API answer about one plan is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, select

from services.pep.adapters.history_store import entry_of
from services.pep.adapters.links_store import Contribution
from services.pep.adapters.plans_store import SavedSection, meeting_of, names_of, plan_of
from services.pep.adapters.tables_child import child
from services.pep.adapters.tables_links import contribution
from services.pep.adapters.tables_plan import child_views, history, plan, plan_meeting, plan_section, target
from services.pep.adapters.targets_store import target_of
from services.pep.domain.history import HistoryEntry
from services.pep.domain.plan import Plan, PlanMeeting
from services.pep.domain.targets import Target
from services.pep.domain.views import ChildViews
from shared.kernel.errors import NoSuchRecord
from shared.platform import roster
from shared.platform.nested import Rows, as_written, nested, rows_in
from shared.platform.roster import Membership
from shared.platform.round_trips import Saying, say

_PARTS = {
    "sections": nested(plan_section.c, plan_section, plan_section.c.plan_id == plan.c.id),
    "targets": nested(
        [column for column in target.c if column is not target.c.removed],
        target,
        target.c.plan_id == plan.c.id,
        target.c.removed.is_(False),
    ),
    "views": nested(child_views.c, child_views, child_views.c.plan_id == plan.c.id),
    "contributions": nested(contribution.c, contribution, contribution.c.plan_id == plan.c.id),
    "meetings": nested(plan_meeting.c, plan_meeting, plan_meeting.c.plan_id == plan.c.id),
    "history": nested(
        history.c, history, history.c.child_id == plan.c.child_id, history.c.plan_id.in_((plan.c.id, ""))
    ),
    "team": roster.nested_team(plan.c.child_id),
}

# Built once: to put a statement this long together takes longer than to run it.
_WHOLE = Saying(
    select(
        plan,
        child.c.name,
        child.c.known_as,
        child.c.reference,
        *(as_written(column).label(name) for name, column in _PARTS.items()),
    )
    .join(child, child.c.id == plan.c.child_id)
    .where(plan.c.id == bindparam("plan_id"))
)


@dataclass(frozen=True)
class WholePlan:
    """A plan as it is kept, with its child's full and short name. A part is read out of `row` when it is asked for.

    Two that have the same row are the same in everything. Targets are in their order, meetings and history the newest
    first, the team by role: everyone who is, was or will be on it. The history is the plan's own, with what concerns
    the child whatever the plan.
    """

    row: Mapping[str, Any]

    @cached_property
    def plan(self) -> Plan:
        """Return the plan itself."""
        return plan_of(self.row)

    @property
    def child_name(self) -> str:
        """Return the child's full name."""
        return names_of(self.row)[0]

    @property
    def short_name(self) -> str:
        """Return what the child is called."""
        return names_of(self.row)[1]

    @cached_property
    def sections(self) -> Mapping[str, SavedSection]:
        """Return the sections that were saved, by key."""
        return {one["key"]: SavedSection(**one) for one in self._rows("sections")}

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Return the targets that were not taken out."""
        return tuple(sorted(map(target_of, self._rows("targets")), key=lambda one: (one.position, one.id)))

    @cached_property
    def views(self) -> ChildViews | None:
        """Return what the child said, if anything."""
        return next((ChildViews(**one) for one in self._rows("views")), None)

    @cached_property
    def contributions(self) -> tuple[Contribution, ...]:
        """Return what people from outside the team wrote, in the order of their names."""
        return tuple(sorted((Contribution(**one) for one in self._rows("contributions")), key=lambda one: one.name))

    @cached_property
    def meetings(self) -> tuple[PlanMeeting, ...]:
        """Return every meeting of the plan, also those that were cancelled."""
        return tuple(sorted(map(meeting_of, self._rows("meetings")), key=lambda one: one.starts_at, reverse=True))

    @cached_property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Return every step so far."""
        return tuple(map(entry_of, sorted(self._rows("history"), key=itemgetter("number"), reverse=True)))

    @cached_property
    def team(self) -> tuple[Membership, ...]:
        """Return the team around the child."""
        return tuple(roster.nested_members(self._rows("team")))

    def _rows(self, part: str) -> Rows:
        return rows_in(_PARTS[part], self.row[part])


def load_whole(connection: Connection, plan_id: str) -> WholePlan:
    """Return a plan with all that belongs to it; raises `NotFound`."""
    (rows,) = say(connection, _WHOLE.of(plan_id=plan_id))
    if not rows:
        raise NoSuchRecord
    return WholePlan(rows[0]._asdict())
