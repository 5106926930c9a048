"""Loading and saving reviews, their records and the actions they agreed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from services.pep.adapters.pieces import in_pieces
from services.pep.adapters.tables_review import review as table
from services.pep.adapters.tables_review import review_action, review_record
from services.pep.domain.plan import Invitee
from services.pep.domain.review_record import ActionState, ReviewAction, ReviewRecord
from services.pep.domain.reviews import Review, ReviewKind, ReviewState
from shared.contracts.participation import Conveyed
from shared.kernel.errors import NoSuchRecord, Stale

_TO_HOLD = (ReviewState.DUE.value, ReviewState.DATED.value)
_CHANGED = "Somebody changed this review in the meantime. Look at it again."


def add_many(connection: Connection, reviews: Collection[Review]) -> None:
    """Store new reviews."""
    if reviews:
        connection.execute(insert(table), [_values(one) for one in reviews])


def find(connection: Connection, review_id: str) -> Review | None:
    """Return a review, or None."""
    row = connection.execute(select(table).where(table.c.id == review_id)).mappings().first()
    return review_of(row) if row else None


def load(connection: Connection, review_id: str) -> Review:
    """Return a review; raises `NotFound`."""
    found = find(connection, review_id)
    if found is None:
        raise NoSuchRecord
    return found


def save(connection: Connection, review: Review) -> Review:
    """Store a changed review and return it with its new version; raises `Stale`."""
    saved = replace(review, version=review.version + 1)
    unchanged = (table.c.id == review.id, table.c.version == review.version)
    if connection.execute(update(table).where(*unchanged).values(_values(saved))).rowcount != 1:
        raise Stale("review_changed", _CHANGED)
    return saved


def of_child(connection: Connection, child_id: str) -> list[Review]:
    """Return a child's reviews, the newest first."""
    return of_children(connection, [child_id])[child_id]


def of_children(connection: Connection, child_ids: Collection[str]) -> dict[str, list[Review]]:
    """Return the reviews of these children, the newest first; one query."""
    found: dict[str, list[Review]] = defaultdict(list)
    for ids in in_pieces(child_ids):
        query = select(table).where(table.c.child_id.in_(ids)).order_by(table.c.opened_on.desc(), table.c.id)
        for row in connection.execute(query).mappings():
            found[row["child_id"]].append(review_of(row))
    for reviews in found.values():
        reviews.sort(key=lambda one: (one.state.is_open, one.day), reverse=True)
    return found


def to_hold(connection: Connection, child_ids: Collection[str]) -> dict[str, Review]:
    """Return the review that is still to be held of each of these children who has one; one query for each thousand."""
    found: dict[str, Review] = {}
    for ids in in_pieces(child_ids):
        query = select(table).where(table.c.child_id.in_(ids), table.c.state.in_(_TO_HOLD))
        found.update((row["child_id"], review_of(row)) for row in connection.execute(query).mappings())
    return found


def add_record(connection: Connection, record: ReviewRecord) -> None:
    """Store a version of a record; earlier ones stay."""
    values = asdict(record) | {"how": record.how.value, "decisions": list(record.decisions)}
    connection.execute(insert(review_record).values(values))


def records_of(connection: Connection, review_ids: Collection[str]) -> dict[str, list[ReviewRecord]]:
    """Return every version of the records of these reviews, the newest first; one query."""
    found: dict[str, list[ReviewRecord]] = defaultdict(list)
    query = select(review_record).where(review_record.c.review_id.in_(review_ids))
    for row in connection.execute(query.order_by(review_record.c.version.desc())).mappings():
        values = {**row, "how": Conveyed(row["how"]), "decisions": tuple(row["decisions"])}
        found[row["review_id"]].append(ReviewRecord(**values))
    return found


def add_action(connection: Connection, action: ReviewAction) -> None:
    """Store a new action."""
    connection.execute(insert(review_action).values(asdict(action) | {"state": action.state.value}))


def load_action(connection: Connection, action_id: str) -> ReviewAction:
    """Return an action; raises `NotFound`."""
    row = connection.execute(select(review_action).where(review_action.c.id == action_id)).mappings().first()
    if row is None:
        raise NoSuchRecord
    return _action(row)


def save_action(connection: Connection, action: ReviewAction) -> ReviewAction:
    """Store a changed action and return it with its new version; raises `Stale`."""
    saved = replace(action, version=action.version + 1)
    unchanged = (review_action.c.id == action.id, review_action.c.version == action.version)
    values = asdict(saved) | {"state": saved.state.value}
    if connection.execute(update(review_action).where(*unchanged).values(values)).rowcount != 1:
        raise Stale("action_changed", "Somebody changed this action in the meantime. Look at it again.")
    return saved


def actions_of(connection: Connection, child_ids: Collection[str]) -> dict[str, list[ReviewAction]]:
    """Return what the reviews of these children agreed, by date; one query."""
    found: dict[str, list[ReviewAction]] = defaultdict(list)
    for ids in in_pieces(child_ids):
        these = select(review_action).where(review_action.c.child_id.in_(ids))
        query = these.order_by(review_action.c.by_date, review_action.c.id)
        for row in connection.execute(query).mappings():
            found[row["child_id"]].append(_action(row))
    return found


def actions_for_plan(connection: Connection, child_id: str) -> list[ReviewAction]:
    """Return what reviews agreed about a child's education and is open, or was settled since the last review held."""
    last = select(func.max(table.c.held_on)).where(table.c.child_id == child_id).scalar_subquery()
    fresh = or_(review_action.c.state == ActionState.OPEN.value, review_action.c.settled_on >= last)
    query = (
        select(review_action)
        .where(and_(review_action.c.child_id == child_id, review_action.c.for_plan, fresh))
        .order_by(review_action.c.by_date, review_action.c.id)
    )
    return [_action(row) for row in connection.execute(query).mappings()]


def _values(review: Review) -> dict[str, Any]:
    return asdict(review) | {
        "kind": review.kind.value,
        "state": review.state.value,
        "invitees": [asdict(one) for one in review.invitees],
        "attended": list(review.attended),
    }


def review_of(row: Mapping[Any, Any]) -> Review:
    """Return a row as a review."""
    values = dict(row)
    values["kind"], values["state"] = ReviewKind(values["kind"]), ReviewState(values["state"])
    values["invitees"] = tuple(Invitee(**one) for one in values["invitees"])
    values["attended"] = tuple(values["attended"])
    return Review(**values)


def _action(row: Mapping[Any, Any]) -> ReviewAction:
    return ReviewAction(**{**row, "state": ActionState(row["state"])})
