"""Opening a child's record in an emergency: for an hour, only to read; others are told, and one of them reviews it.

Nobody learns whether a child is known here without having said why: whoever asks names the child by what only somebody
who knows them can name, and gives the reason first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.pep.adapters import children_store, emergencies_store
from services.pep.application.facts import emergency_opened
from services.pep.domain import emergencies as rules
from services.pep.domain.children import Child
from services.pep.domain.emergencies import Account, Outcome
from services.pep.domain.worklist import WorkItem
from shared.contracts.emergency import EmergencyReason, Opening
from shared.contracts.pep import EmergencyClosed
from shared.contracts.permissions import PERMISSIONS
from shared.kernel.errors import Conflict, InvalidInput, NoSuchRecord, NotFound
from shared.kernel.ids import new_id
from shared.platform import emergencies, roster
from shared.platform.access import may, may_know_of, permit, role_for
from shared.platform.trail import Kind
from shared.platform.work import Work

OPEN = "pep.emergency.open"


@dataclass(frozen=True, slots=True)
class AccountOf:
    """An opening with whose record it was; `may_review` says that the reader may judge it."""

    account: Account
    child: Child
    may_review: bool


def open_record(
    work: Work, identifier: str, born_on: date | None, reason: EmergencyReason, happened: str
) -> tuple[Child, Opening | None]:
    """Open a child's record to the actor for an hour; return the child, and the opening where one was needed.

    `identifier` is the child's reference or UPN. Whoever is on the child's team, or has the record open already, needs
    none. Raises `InvalidInput` by field, `Denied`; where no child fits, the try is in the audit as refused.
    """
    permit(work, OPEN)
    rules.check_words(identifier, born_on, happened)
    child = children_store.with_identity(work.connection, work.actor.authority, identifier.strip(), born_on)
    if child is None:
        work.trail.note(work.actor, role_for(work.actor, OPEN), OPEN, allowed=False, why=reason.words)
        raise InvalidInput({"identifier": [rules.NO_MATCH]})
    if may_know_of(work, child.id):
        return child, None
    opening = rules.opening_from(new_id(), child.id, work.actor.person_id, reason, work.now)
    emergencies_store.add(work.connection, Account(opening, work.actor.name, happened.strip()))
    work.standings.clear()
    work.trail.note(
        work.actor,
        role_for(work.actor, OPEN),
        OPEN,
        child.id,
        allowed=True,
        kind=Kind.BREAK_GLASS,
        why=opening.why,
    )
    work.publish(f"child/{child.id}", emergency_opened(opening))
    return child, opening


def close_record(work: Work, opening_id: str) -> None:
    """Close a record that the actor opened before its time is up; one that is closed stays so. Raises `NotFound`."""
    permit(work, "pep.emergency.close")
    opening = emergencies.find(work.connection, opening_id)
    if opening is None or opening.person_id != work.actor.person_id:
        raise NotFound("opening_not_found", "You have not opened such a record.")
    _close(work, opening)


def openings_of(work: Work, child_id: str) -> list[AccountOf]:
    """Return who opened a child's record in an emergency, the newest first; raises `NotFound`, `Denied`."""
    permit(work, "pep.emergency.read", child_id)
    child = children_store.load(work.connection, child_id)
    may_review = may(work, "pep.emergency.review", child_id)
    return [
        AccountOf(one, child, may_review and not one.is_reviewed and not _is_own(work, one))
        for one in emergencies_store.of_child(work.connection, child_id)
    ]


def waiting_for_review(work: Work) -> list[AccountOf]:
    """Return the openings that the actor may review and nobody has, the newest first."""
    permit(work, "pep.emergency.list")
    return [AccountOf(one, child, may_review=True) for one, child in _waiting(work, "pep.emergency.review")]


def review(work: Work, child_id: str, opening_id: str, outcome: Outcome, remarks: str = "") -> Account:
    """Say whether an opening was right, which ends it; raises `InvalidInput`, `Conflict`, `NotFound`, `Denied`."""
    permit(work, "pep.emergency.review", child_id)
    found = emergencies_store.find(work.connection, opening_id)
    if found is None or found.opening.child_id != child_id:
        raise NoSuchRecord
    reviewed = rules.review(found, outcome, remarks, work.actor.person_id, work.actor.name, work.now)
    if not emergencies_store.save_review(work.connection, reviewed):
        raise Conflict("reviewed_already", "Somebody else has just reviewed this.")
    _close(work, found.opening)
    return reviewed


def worklist_items(work: Work) -> list[WorkItem]:
    """Return the openings that the actor must review, and those they are told of as the child's social worker."""
    to_review = _waiting(work, "pep.emergency.review")
    told = {one.opening.id for one, _ in to_review}
    to_know = [(one, child) for one, child in _waiting(work, "pep.emergency.read") if one.opening.id not in told]
    return [
        *(_item("Review", one, child) for one, child in to_review),
        *(_item("Read", one, child) for one, child in to_know),
    ]


def _item(verb: str, one: Account, child: Child) -> WorkItem:
    return WorkItem(
        key=f"emergency/{one.opening.id}",
        what=f"{verb} why {child.short_name}’s record was opened in an emergency",
        why=f"{one.person_name} is not on the team and opened it: {one.opening.reason.words[0].lower()}"
        f"{one.opening.reason.words[1:]}. It stays here until it is reviewed.",
        path=f"/children/{child.id}/emergencies",
        by=None,
        child_id=child.id,
        child_name=child.shown_name,
    )


def _waiting(work: Work, action: str) -> list[tuple[Account, Child]]:
    """Return the openings nobody has reviewed of children for whom the actor may do `action`, but for their own."""
    permission = PERMISSIONS[action]
    mine: list[str] | None = None
    if not may(work, action):
        places = roster.children_of(work.connection, work.actor.person_ids, work.today)
        mine = [child_id for child_id, roles in places.items() if roles & permission.team]
    found = [one for one in emergencies_store.not_reviewed(work.connection, mine) if not _is_own(work, one)]
    children = children_store.load_many(work.connection, {one.opening.child_id for one in found})
    known = [(one, children[one.opening.child_id]) for one in found]
    return [(one, child) for one, child in known if child.authority in work.actor.authorities]


def _is_own(work: Work, account: Account) -> bool:
    return account.opening.person_id == work.actor.person_id


def _close(work: Work, opening: Opening) -> None:
    if opening.is_open(work.now):
        emergencies.close(work.connection, opening.id, work.now)
        work.standings.clear()
        closed = EmergencyClosed(opening.child_id, opening.id, opening.person_id, work.now)
        work.publish(f"child/{opening.child_id}", closed)
