"""How long records are kept: legal holds, deaths, and erasing what need not be kept any longer."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import date

from services.pep.adapters import children_store, retention_store
from services.pep.adapters.policies import load_policy
from services.pep.application.children import end_care
from services.pep.application.history import record
from services.pep.domain import retention as rules
from services.pep.domain.children import Child
from services.pep.domain.periods import long_date
from services.pep.domain.retention import (
    LEAST_BIRTHDAY,
    LEAST_YEARS_AFTER_DEATH,
    ErasureRequest,
    Hold,
    Keeping,
    RequestState,
)
from services.pep.domain.team import FAMILY
from services.pep.domain.worklist import WorkItem
from shared.contracts.pep import RecordErased
from shared.contracts.scheduling import RecordErased as MeetingsErased
from shared.contracts.virtual_school import RecordErased as MonitoringErased
from shared.kernel.errors import Conflict, InvalidInput
from shared.kernel.ids import new_id
from shared.platform import erasure
from shared.platform.access import may, may_know_of, permit
from shared.platform.erasure import RECORD, Erased, Tombstone
from shared.platform.settings import Settings
from shared.platform.work import Work

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class DueRecord:
    """A record whose time to be erased has come; `name` is empty for a reader who may not know of the child."""

    child_id: str
    reference: str
    name: str
    kept: Keeping
    holds: tuple[Hold, ...]
    request: ErasureRequest | None


@dataclass(frozen=True, slots=True)
class Records:
    """What there is to decide about records: those due, the holds that stand, and the tombstones of those erased."""

    due: tuple[DueRecord, ...]
    holds: tuple[tuple[Hold, str], ...]
    erased: tuple[Tombstone, ...]


def keeping_of(work: Work, child: Child) -> Keeping:
    """Return until when a child's record is kept, by the authority's rule of today."""
    policy = load_policy(child.authority)
    return rules.keeping(child.born_on, child.died_on, policy.keeping_at(work.today))


def records(work: Work) -> Records:
    """Return what there is to decide about the records of the authority; raises `Denied`."""
    permit(work, "pep.records.read")
    authority = work.actor.authority
    holds = retention_store.standing_holds(work.connection, authority)
    due = _due(work, holds)
    held = children_store.load_many(work.connection, {hold.child_id for hold in holds if hold.child_id})
    about = [(hold, _reference(held.get(hold.child_id or ""))) for hold in holds]
    return Records(
        tuple(due), tuple(about), tuple(erasure.tombstones(work.connection, authority, limit=MOST_SHOWN))
    )  # fmt: skip


def holds_on(work: Work, child_id: str) -> list[Hold]:
    """Return the holds that stop a child's record from being erased today."""
    permit(work, "pep.record.hold", child_id)
    standing = retention_store.standing_holds(work.connection, work.actor.authority)
    return [hold for hold in standing if hold.covers(child_id)]


def place_hold(work: Work, child_id: str | None, reason: str) -> Hold:
    """Put a child's record, or (no child) every record of the authority, under a legal hold.

    Raises `InvalidInput` without a reason, `NotFound`, `Denied`.
    """
    permit(work, "pep.record.hold", child_id)
    if not reason.strip():
        raise InvalidInput({"reason": ["Enter why nothing may be erased, such as the inquiry that asks for it."]})
    if child_id is not None:
        children_store.load(work.connection, child_id)
        children_store.lock(work.connection, child_id)
    actor = work.actor
    hold = Hold(
        new_id(), work.actor.authority, child_id, reason.strip(), actor.person_id, actor.name, placed_at=work.now
    )
    retention_store.add_hold(work.connection, hold)
    if child_id is not None:
        record(work, child_id, "", "hold_placed")
    return hold


def hold_to_lift(work: Work, hold_id: str) -> Hold:
    """Return a hold that stands or stood; raises `NotFound`, `Denied`."""
    permit(work, "pep.record.hold")
    return retention_store.load_hold(work.connection, hold_id, work.actor.authority)


def lift_hold(work: Work, hold_id: str, why: str) -> Hold:
    """Lift a hold; raises `InvalidInput` without a reason, `Conflict` where it was lifted, `NotFound`, `Denied`."""
    hold = hold_to_lift(work, hold_id)
    lifted = rules.lift(hold, work.actor.person_id, work.actor.name, work.now, why)
    retention_store.save_hold(work.connection, lifted)
    if lifted.child_id is not None:
        record(work, lifted.child_id, "", "hold_lifted")
    return lifted


def record_death(work: Work, child_id: str, version: int, died_on: date) -> Child:
    """Record on which day a child died, or correct it; care, every clock and every place on the team end that day.

    The other services are told that care ended, and no more. Raises `InvalidInput`, `Stale`, `NotFound`, `Denied`.
    """
    permit(work, "pep.child.record_death", child_id)
    child = replace(children_store.load(work.connection, child_id), version=version)
    rules.check_died_on(child, died_on, work.today)
    known = replace(child, died_on=died_on)
    saved = (
        end_care(work, replace(known, left_care_on=died_on))
        if child.in_care
        else children_store.save(work.connection, known)
    )
    record(work, child_id, "", "death_recorded", died_on=long_date(died_on))
    return saved


def take_back_death(work: Work, child_id: str, version: int) -> Child:
    """Take back a day of death that was recorded by mistake; raises `Conflict` where none is, `Stale`, `NotFound`."""
    permit(work, "pep.child.record_death", child_id)
    child = replace(children_store.load(work.connection, child_id), version=version)
    if child.died_on is None:
        raise Conflict("no_death_recorded", "No day of death is recorded.")
    saved = children_store.save(work.connection, replace(child, died_on=None))
    record(work, child_id, "", "death_taken_back")
    return saved


def ask_for_erasure(work: Work, child_id: str) -> ErasureRequest:
    """Ask that a record whose time has come is erased; raises `Conflict` where it is not, is held, or was asked for."""
    permit(work, "pep.record.ask_erasure", child_id)
    child = children_store.load(work.connection, child_id)
    children_store.lock(work.connection, child_id)
    _check_may_erase(work, child)
    if retention_store.waiting_requests(work.connection, [child_id]):
        raise Conflict("erasure_asked", "Somebody has asked for this already. A second person approves or refuses it.")
    request = ErasureRequest(new_id(), child_id, work.actor.person_id, work.actor.name, work.now)
    retention_store.add_request(work.connection, request)
    return request


def settle_request(work: Work, request_id: str, state: RequestState) -> None:
    """Refuse a request as the second person, or withdraw one's own; raises `Conflict`, `NotFound`, `Denied`."""
    request = _request(work, request_id)
    settled = rules.settle(request, work.actor.person_id, work.actor.name, work.now, state)
    retention_store.save_request(work.connection, settled)


def approve_erasure(work: Work, request_id: str) -> Tombstone:
    """Approve a request as the second person: the record is erased here and now, and the other services are told to.

    Raises `Conflict` where a hold stands, the time has not come after all, or the second person is the first;
    `NotFound`, `Denied`.
    """
    request = _request(work, request_id)
    rules.check_second_person(request, work.actor.person_id)
    child = children_store.load(work.connection, request.child_id)
    children_store.lock(work.connection, child.id)
    kept = _check_may_erase(work, child)
    erased = Erased(
        child_id=child.id,
        authority=child.authority,
        rule=kept.ends.value,
        due_on=kept.due_on,
        asked_by=request.asked_by,
        approved_by=work.actor.person_id,
        at=work.now,
        people=tuple(retention_store.known_through_alone(work.connection, child.id, FAMILY)),
        mark=mark_of(work.settings, child.authority, child.reference),
    )
    return _erase(work, erased)


def erase_again(work: Work, stone: Tombstone) -> bool:
    """Erase a record that a restored backup has brought back; tells whether there was anything to erase.

    It was approved when it was erased first. A legal hold that stands stops it: raises `Conflict`.
    """
    permit(work, "pep.record.settle_erasure", stone.child_id)
    held = retention_store.standing_holds(work.connection, stone.authority)
    back = bool(children_store.load_many(work.connection, [stone.child_id]))
    if back and any(hold.covers(stone.child_id) for hold in held):
        raise Conflict("record_held", f"A legal hold stops record {stone.mark[:12]} from being erased again.")
    if not back and erasure.find(work.connection, stone.child_id) is not None:
        return False
    people = set(retention_store.known_through_alone(work.connection, stone.child_id, FAMILY)) | set(stone.people)
    _erase(
        work,
        Erased(
            stone.child_id,
            stone.authority,
            stone.rule,
            stone.due_on,
            stone.asked_by,
            stone.approved_by,
            stone.erased_at,
            tuple(sorted(people)),
            stone.mark,
        ),
    )
    return back


def record_erased(stone: Tombstone) -> RecordErased:
    """Return the fact that a record was erased."""
    return RecordErased(
        stone.child_id,
        stone.authority,
        stone.rule,
        stone.due_on,
        stone.asked_by,
        stone.approved_by,
        stone.erased_at,
        stone.people,
    )


def when_meetings_erased(work: Work, fact: MeetingsErased) -> None:
    """Keep that scheduling has erased its part."""
    erasure.note_counts(work.connection, fact.child_id, "scheduling", fact.counts)


def when_monitoring_erased(work: Work, fact: MonitoringErased) -> None:
    """Keep that the Virtual School has erased its part."""
    erasure.note_counts(work.connection, fact.child_id, "virtual_school", fact.counts)


def mark_of(settings: Settings, authority: str, reference: str) -> str:
    """Return what a tombstone keeps of a reference: enough to answer whether a record was erased, for who knows it."""
    key = hmac.digest(settings.secret.encode(), b"pep-suite tombstone", hashlib.sha256)
    return hmac.digest(key, f"{authority}/{reference.strip()}".encode(), hashlib.sha256).hex()


def worklist_items(work: Work) -> list[WorkItem]:
    """Return the requests of others that wait for a second person, for those who may be that person."""
    if not may(work, "pep.record.settle_erasure"):
        return []
    waiting = retention_store.waiting_requests(work.connection).values()
    others = [one for one in waiting if one.asked_by != work.actor.person_id]
    children = children_store.load_many(work.connection, {one.child_id for one in others})
    return [
        WorkItem(
            key=f"erasure/{one.id}",
            what=f"Approve or refuse that record {children[one.child_id].reference} is erased",
            why=f"{one.asked_by_name} asked for it. A second person has to look at it.",
            path="/records",
            child_id=one.child_id,
        )
        for one in others
        if children[one.child_id].authority == work.actor.authority
    ]


def _due(work: Work, holds: list[Hold]) -> list[DueRecord]:
    authority, today = work.actor.authority, work.today
    candidates = retention_store.due_children(
        work.connection,
        authority,
        born_by=rules.anniversary(today, -LEAST_BIRTHDAY),
        died_by=rules.anniversary(today, -LEAST_YEARS_AFTER_DEATH),
    )
    found = children_store.load_many(work.connection, candidates)
    waiting = retention_store.waiting_requests(work.connection)
    due = []
    for child_id in candidates:
        child = found[child_id]
        kept = keeping_of(work, child)
        if kept.due_on <= today:
            name = child.shown_name if may_know_of(work, child_id) else ""
            over = tuple(hold for hold in holds if hold.covers(child_id))
            due.append(DueRecord(child_id, child.reference, name, kept, over, waiting.get(child_id)))
    return sorted(due, key=lambda one: (one.kept.due_on, one.reference))


def _request(work: Work, request_id: str) -> ErasureRequest:
    request = retention_store.load_request(work.connection, request_id)
    permit(work, "pep.record.settle_erasure", request.child_id)
    return request


def _check_may_erase(work: Work, child: Child) -> Keeping:
    kept = keeping_of(work, child)
    holds = retention_store.standing_holds(work.connection, child.authority)
    rules.check_may_erase(kept, holds, child.id, work.today)
    return kept


def _erase(work: Work, erased: Erased) -> Tombstone:
    erasure.erase(work, erased)
    stone = erasure.find(work.connection, erased.child_id)
    assert stone is not None  # noqa: S101 - it was left just now
    work.publish(f"{RECORD}{stone.child_id}", record_erased(replace(stone, people=erased.people)))
    return stone


def _reference(child: Child | None) -> str:
    return child.reference if child is not None else ""
