"""Plans and what belongs to them, to and from the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.pep.adapters.pieces import in_pieces
from services.pep.adapters.tables_child import child as child_table
from services.pep.adapters.tables_plan import kept_version, plan_meeting, plan_section
from services.pep.adapters.tables_plan import plan as plan_table
from services.pep.domain.plan import OPEN, Invitee, MeetingWent, Plan, PlanKind, PlanMeeting, PlanState
from shared.kernel.errors import Conflict, NoSuchRecord, Stale
from shared.platform.db import row_of
from shared.platform.round_trips import Saying, say_later

_KEEP_VERSION = Saying(insert(kept_version).inline(), [column.name for column in kept_version.c])
_LISTS = ("apologies", "no_shows")


@dataclass(frozen=True, slots=True)
class SavedSection:
    """A section as it was last saved."""

    plan_id: str
    key: str
    answers: dict[str, Any]
    saved_by: str
    saved_by_name: str
    saved_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """What a section, a target or the child's views said at one time, and who said so."""

    part: str
    version: int
    body: dict[str, Any]
    saved_by: str
    saved_by_name: str
    acting_as: str
    saved_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan with its child's name, as lists show it."""

    plan: Plan
    child_name: str
    short_name: str


def add_plans(connection: Connection, plans: Collection[Plan]) -> None:
    """Store new plans in one statement; raises `Conflict` when a child has a plan of the kind for the term."""
    if not plans:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(plan_table), [_plan_values(one) for one in plans])
    except IntegrityError as error:
        if "term" not in str(error.orig):
            raise
        raise Conflict("plan_already_open", "The child already has a plan of this kind for this term.") from error


def load_plan(connection: Connection, plan_id: str) -> Plan:
    """Return a plan; raises `NotFound`."""
    row = connection.execute(select(plan_table).where(plan_table.c.id == plan_id)).mappings().first()
    if row is None:
        raise NoSuchRecord
    return plan_of(row)


def find_plan(connection: Connection, plan_id: str) -> Plan | None:
    """Return a plan, or None."""
    row = connection.execute(select(plan_table).where(plan_table.c.id == plan_id)).mappings().first()
    return plan_of(row) if row else None


def save_plan(connection: Connection, plan: Plan) -> Plan:
    """Store a changed plan and return it with its new version; raises `Stale` if it changed since it was loaded."""
    values = _plan_values(plan) | {"version": plan.version + 1}
    changed = connection.execute(
        update(plan_table).where(plan_table.c.id == plan.id, plan_table.c.version == plan.version).values(values)
    ).rowcount
    if not changed:
        raise Stale("plan_changed", "Somebody changed the plan in the meantime. Look at it again.")
    return replace(plan, version=plan.version + 1)


def plans_of(connection: Connection, child_id: str) -> list[Plan]:
    """Return a child's plans, the newest first."""
    query = (
        select(plan_table)
        .where(plan_table.c.child_id == child_id)
        .order_by(plan_table.c.opened_on.desc(), plan_table.c.due_on.desc(), plan_table.c.id)
    )
    return [plan_of(row) for row in connection.execute(query).mappings()]


def plans_of_children(connection: Connection, child_ids: Collection[str]) -> dict[str, list[Plan]]:
    """Return the plans of these children; one query."""
    found: dict[str, list[Plan]] = {}
    for ids in in_pieces(child_ids):
        for row in connection.execute(select(plan_table).where(plan_table.c.child_id.in_(ids))).mappings():
            found.setdefault(row["child_id"], []).append(plan_of(row))
    return found


def last_circumstances(connection: Connection, child_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return what applied to each child in their newest plan; one query for each thousand children."""
    table, wanted = plan_table.c, sorted(child_ids)
    found: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(wanted), 1000):
        query = (
            select(table.child_id, table.circumstances)
            .where(table.child_id.in_(wanted[start : start + 1000]))
            .order_by(table.opened_on, table.id)
        )
        found.update((child_id, codes_in(circumstances)) for child_id, circumstances in connection.execute(query))
    return found


def open_plans_of_children(connection: Connection, child_ids: Collection[str]) -> list[Plan]:
    """Return the plans of children that are still to be completed; one query for each thousand children."""
    states = [state.value for state in PlanState if state in OPEN]
    wanted = sorted(child_ids)
    found: list[Plan] = []
    for start in range(0, len(wanted), 1000):
        query = select(plan_table).where(
            plan_table.c.child_id.in_(wanted[start : start + 1000]), plan_table.c.state.in_(states)
        )
        found += [plan_of(row) for row in connection.execute(query.order_by(plan_table.c.id)).mappings()]
    return found


def set_circumstances(connection: Connection, by_plan: Mapping[str, Sequence[str]]) -> None:
    """Store what applies to plans now, in one statement; each is a new version of its plan."""
    if by_plan:
        change = (
            update(plan_table)
            .where(plan_table.c.id == bindparam("of_plan"))
            .values(circumstances=bindparam("now_applies"), version=plan_table.c.version + 1)
        )
        rows = [{"of_plan": plan_id, "now_applies": ",".join(codes)} for plan_id, codes in by_plan.items()]
        connection.execute(change, rows)


def taken_places(connection: Connection, child_ids: Collection[str]) -> set[tuple[str, str, str]]:
    """Return child, term and kind of every plan these children have; one query for each thousand children."""
    table, wanted = plan_table.c, sorted(child_ids)
    found: set[tuple[str, str, str]] = set()
    for start in range(0, len(wanted), 1000):
        query = select(table.child_id, table.term, table.kind).where(table.child_id.in_(wanted[start : start + 1000]))
        found.update((child_id, term, kind) for child_id, term, kind in connection.execute(query))
    return found


def list_plans(
    connection: Connection,
    authorities: Collection[str],
    *,
    child_ids: Collection[str] | None,
    states: Collection[PlanState] = (),
    term: str = "",
    in_care: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[PlanRow], int]:
    """Return plans of these authorities with their children's names, by due date, and how many there are; two queries.

    `child_ids` None means every child; `in_care` leaves out those who are no longer looked after.
    """
    where: list[ColumnElement[bool]] = [plan_table.c.authority.in_(authorities)]
    if child_ids is not None:
        where.append(plan_table.c.child_id.in_(child_ids))
    if states:
        where.append(plan_table.c.state.in_([state.value for state in states]))
    if term:
        where.append(plan_table.c.term == term)
    if in_care:
        where.append(child_table.c.left_care_on.is_(None))
    both = plan_table.join(child_table, child_table.c.id == plan_table.c.child_id)
    total = connection.execute(select(func.count()).select_from(both).where(*where)).scalar_one()
    query = (
        select(plan_table, child_table.c.name, child_table.c.known_as, child_table.c.reference)
        .select_from(both)
        .where(*where)
        .order_by(plan_table.c.due_on, child_table.c.name, plan_table.c.id)
        .limit(limit)
        .offset(offset)
    )
    rows = [_plan_row(row) for row in connection.execute(query).mappings()]
    return rows, total


def open_plans_of(connection: Connection, child_ids: Collection[str]) -> list[PlanRow]:
    """Return the plans of these children that still need work by school, social worker or child."""
    states = [PlanState.DUE, PlanState.DATED, PlanState.HELD, PlanState.RETURNED]
    query = (
        select(plan_table, child_table.c.name, child_table.c.known_as, child_table.c.reference)
        .join(child_table, child_table.c.id == plan_table.c.child_id)
        .where(
            plan_table.c.child_id.in_(child_ids),
            plan_table.c.state.in_([state.value for state in states]),
            child_table.c.left_care_on.is_(None),
        )
        .order_by(plan_table.c.due_on)
    )
    return [_plan_row(row) for row in connection.execute(query).mappings()]


def child_names(connection: Connection, child_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the full and the short name of each child; one query."""
    table = child_table.c
    query = select(table.id, table.name, table.known_as, table.reference).where(table.id.in_(child_ids))
    return {row["id"]: names_of(row) for row in connection.execute(query).mappings()}


def sections_of(connection: Connection, plan_ids: Collection[str]) -> dict[str, dict[str, SavedSection]]:
    """Return every saved section of some plans, by plan and key; one query."""
    found: dict[str, dict[str, SavedSection]] = {plan_id: {} for plan_id in plan_ids}
    query = select(plan_section).where(plan_section.c.plan_id.in_(plan_ids))
    for row in connection.execute(query).mappings():
        found[row["plan_id"]][row["key"]] = SavedSection(**row)
    return found


def load_section(connection: Connection, plan_id: str, key: str) -> SavedSection | None:
    """Return a section as it was last saved, or None where it never was."""
    query = select(plan_section).where(plan_section.c.plan_id == plan_id, plan_section.c.key == key)
    row = connection.execute(query).mappings().first()
    return SavedSection(**row) if row else None


def save_section(connection: Connection, section: SavedSection) -> bool:
    """Store a section whose `version` is the new one; False when somebody else saved that version first."""
    values = row_of(section)
    if section.version == 1:
        return insert_first(connection, plan_section, values)
    return bool(
        connection.execute(
            update(plan_section)
            .where(
                plan_section.c.plan_id == section.plan_id,
                plan_section.c.key == section.key,
                plan_section.c.version == section.version - 1,
            )
            .values(values)
        ).rowcount
    )


def insert_first(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False when somebody else's row with that key is there already."""
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(values))
    except IntegrityError:
        return False
    return True


def keep_version(connection: Connection, plan_id: str, kept: KeptVersion) -> None:
    """Append what was saved, at the latest with the COMMIT; nothing is ever changed or taken out of this table."""
    say_later(connection, _KEEP_VERSION, [{"plan_id": plan_id, **row_of(kept)}])


def kept_versions(connection: Connection, plan_id: str, part: str) -> list[KeptVersion]:
    """Return every version of one part of a plan, the newest first."""
    query = (
        select(kept_version)
        .where(kept_version.c.plan_id == plan_id, kept_version.c.part == part)
        .order_by(kept_version.c.version.desc())
    )
    return [
        KeptVersion(**{name: value for name, value in row.items() if name != "plan_id"})
        for row in connection.execute(query).mappings()
    ]


def every_kept_version(connection: Connection, plan_ids: Collection[str]) -> dict[str, list[KeptVersion]]:
    """Return every version of every part of some plans, by plan, the oldest first; one query."""
    found: dict[str, list[KeptVersion]] = {plan_id: [] for plan_id in plan_ids}
    query = select(kept_version).where(kept_version.c.plan_id.in_(found)).order_by(kept_version.c.saved_at)
    for row in connection.execute(query.order_by(kept_version.c.part, kept_version.c.version)).mappings():
        found[row["plan_id"]].append(KeptVersion(**{name: value for name, value in row.items() if name != "plan_id"}))
    return found


def load_meeting(connection: Connection, meeting_id: str) -> PlanMeeting | None:
    """Return the plan's copy of a meeting, or None."""
    row = connection.execute(select(plan_meeting).where(plan_meeting.c.id == meeting_id)).mappings().first()
    return meeting_of(row) if row else None


def meetings_of(connection: Connection, plan_ids: Iterable[str]) -> dict[str, list[PlanMeeting]]:
    """Return the meetings of some plans, the latest first; one query."""
    wanted = list(plan_ids)
    found: dict[str, list[PlanMeeting]] = {plan_id: [] for plan_id in wanted}
    query = select(plan_meeting).where(plan_meeting.c.plan_id.in_(wanted)).order_by(plan_meeting.c.starts_at.desc())
    for row in connection.execute(query).mappings():
        found[row["plan_id"]].append(meeting_of(row))
    return found


def put_meeting(connection: Connection, meeting: PlanMeeting) -> None:
    """Store the plan's copy of a meeting, new or changed."""
    values = asdict(meeting) | {"invitees": [asdict(one) for one in meeting.invitees]}
    values["attended"] = list(meeting.attended)
    if meeting.went is not None:
        values["went"] = {**values["went"], **{key: list(values["went"][key]) for key in _LISTS}}
    if not connection.execute(update(plan_meeting).where(plan_meeting.c.id == meeting.id).values(values)).rowcount:
        connection.execute(insert(plan_meeting).values(values))


def _plan_values(plan: Plan) -> dict[str, Any]:
    codes = {"decision_codes": list(plan.decision_codes), "circumstances": ",".join(plan.circumstances)}
    return row_of(plan) | codes


def codes_in(text: str) -> tuple[str, ...]:
    """Return the codes that are kept in one text."""
    return tuple(text.split(",")) if text else ()


def plan_of(row: Mapping[Any, Any]) -> Plan:
    """Return a row of the table as a plan."""
    values = {column.name: row[column.name] for column in plan_table.columns}
    values["kind"] = PlanKind(values["kind"])
    values["state"] = PlanState(values["state"])
    values["decision_codes"] = tuple(values["decision_codes"])
    values["circumstances"] = codes_in(values["circumstances"])
    return Plan(**values)


def _plan_row(row: Mapping[Any, Any]) -> PlanRow:
    return PlanRow(plan_of(row), *names_of(row))


def names_of(row: Mapping[Any, Any]) -> tuple[str, str]:
    """Return the full and the short name of a child, as `services.pep.domain.children.Child` has them."""
    unnamed = f"Child {row['reference']}"
    words = row["name"].split()
    return row["name"] or unnamed, row["known_as"] or (words[0] if words else unnamed)


def meeting_of(row: Mapping[Any, Any]) -> PlanMeeting:
    """Return a row of the table as a meeting."""
    values = dict(row)
    values["invitees"] = tuple(Invitee(**one) for one in values["invitees"])
    values["attended"] = tuple(values["attended"])
    went = values.get("went")
    values["went"] = MeetingWent(**{**went, **{key: tuple(went[key]) for key in _LISTS}}) if went else None
    return PlanMeeting(**values)
