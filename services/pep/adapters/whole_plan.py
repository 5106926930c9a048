"""A plan with all that belongs to it, in one statement: what a page or an API answer about one plan is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import Connection, bindparam, select

from services.pep.adapters.history_store import entry_of
from services.pep.adapters.plans_store import SavedSection, meeting_of, names_of, plan_of
from services.pep.adapters.tables_child import child
from services.pep.adapters.tables_plan import child_views, history, plan, plan_meeting, plan_section, target
from services.pep.adapters.targets_store import target_of
from services.pep.domain.history import HistoryEntry
from services.pep.domain.plan import Plan, PlanMeeting
from services.pep.domain.targets import Target
from services.pep.domain.views import ChildViews
from shared.kernel.errors import NoSuchRecord
from shared.platform import roster
from shared.platform.nested import nested
from shared.platform.roster import Membership


@dataclass(frozen=True, slots=True)
class WholePlan:
    """A plan as it is kept, with its child's full and short name.

    Targets are in their order, meetings and history the newest first, the team by role: everyone who is, was or will
    be on it. The history is the plan's own, with what concerns the child whatever the plan.
    """

    plan: Plan
    child_name: str
    short_name: str
    sections: Mapping[str, SavedSection]
    targets: tuple[Target, ...]
    views: ChildViews | None
    meetings: tuple[PlanMeeting, ...]
    history: tuple[HistoryEntry, ...]
    team: tuple[Membership, ...]


_TARGET_COLUMNS = [column for column in target.c if column is not target.c.removed]

# Built once: to put a statement this long together takes longer than to run it.
_WHOLE = (
    select(
        plan,
        child.c.name,
        child.c.known_as,
        child.c.reference,
        nested(plan_section.c, plan_section, plan_section.c.plan_id == plan.c.id).label("sections"),
        nested(_TARGET_COLUMNS, target, target.c.plan_id == plan.c.id, target.c.removed.is_(False)).label("targets"),
        nested(child_views.c, child_views, child_views.c.plan_id == plan.c.id).label("views"),
        nested(plan_meeting.c, plan_meeting, plan_meeting.c.plan_id == plan.c.id).label("meetings"),
        nested(history.c, history, history.c.child_id == plan.c.child_id, history.c.plan_id.in_((plan.c.id, ""))).label(
            "history"
        ),
        roster.nested_team(plan.c.child_id).label("team"),
    )
    .join(child, child.c.id == plan.c.child_id)
    .where(plan.c.id == bindparam("plan_id"))
)


def load_whole(connection: Connection, plan_id: str) -> WholePlan:
    """Return a plan with all that belongs to it; raises `NotFound`."""
    row = connection.execute(_WHOLE, {"plan_id": plan_id}).mappings().first()
    if row is None:
        raise NoSuchRecord
    name, short_name = names_of(row)
    meetings = sorted(map(meeting_of, row["meetings"]), key=lambda one: one.starts_at, reverse=True)
    return WholePlan(
        plan=plan_of(row),
        child_name=name,
        short_name=short_name,
        sections={one["key"]: SavedSection(**one) for one in row["sections"]},
        targets=tuple(sorted(map(target_of, row["targets"]), key=lambda one: (one.position, one.id))),
        views=next((ChildViews(**one) for one in row["views"]), None),
        meetings=tuple(meetings),
        history=tuple(map(entry_of, sorted(row["history"], key=itemgetter("number"), reverse=True))),
        team=tuple(roster.nested_members(row["team"])),
    )
