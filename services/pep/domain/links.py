"""Personal links: by one, somebody without an account takes part in one plan, in one way, for a while.

A link alone shows nothing. Whoever opens it asks for a code, which goes to the address the link was sent to, and enters
it in the same browser; that opens a visit, which is over within the hour.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from services.pep.domain.plan import PlanState
from shared.contracts.roles import Role

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
CODES_A_DAY = 10
"""With five tries each, a stranger who holds a link for its 14 days finds a code with a chance below 1 in 1,000."""
VISIT_LASTS = timedelta(hours=1)


class Purpose(StrEnum):
    """What a link is for: one thing that one person does, or reads, of one plan."""

    CARER_PART = "carer_part"
    CHILD_VIEWS = "child_views"
    ADVOCATE_VIEWS = "advocate_views"
    PARENT_PLAN = "parent_plan"
    CONTRIBUTION = "contribution"

    @property
    def words(self) -> str:
        """Return what the link is for, as its list says it to staff."""
        return _WORDS[self]

    @property
    def role(self) -> Role | None:
        """Return the role on the team that whoever gets the link must have; none for somebody from outside it."""
        return _ROLES[self]

    @property
    def actions(self) -> frozenset[str]:
        """Return what of the table of permissions the link opens."""
        return _ACTIONS[self]


_WORDS = {
    Purpose.CARER_PART: "Write what the carer says",
    Purpose.CHILD_VIEWS: "Say what the child thinks, and see the targets",
    Purpose.ADVOCATE_VIEWS: "Write down what the child thinks",
    Purpose.PARENT_PLAN: "Read the approved plan as a parent",
    Purpose.CONTRIBUTION: "Write a contribution",
}
_ROLES: Mapping[Purpose, Role | None] = {
    Purpose.CARER_PART: Role.CARER,
    Purpose.CHILD_VIEWS: Role.CHILD,
    Purpose.ADVOCATE_VIEWS: Role.ADVOCATE,
    Purpose.PARENT_PLAN: Role.PARENT,
    Purpose.CONTRIBUTION: None,
}
_ACTIONS = {
    Purpose.CARER_PART: frozenset({"pep.plan.edit_carer_sections"}),
    Purpose.CHILD_VIEWS: frozenset({"pep.views.read", "pep.views.give", "pep.own_targets.read"}),
    Purpose.ADVOCATE_VIEWS: frozenset({"pep.views.read", "pep.views.record"}),
    Purpose.PARENT_PLAN: frozenset({"pep.parent_plan.read"}),
    Purpose.CONTRIBUTION: frozenset({"pep.contribution.give"}),
}


class Over(StrEnum):
    """Why a link opens nothing any more."""

    TAKEN_BACK = "taken_back"
    REPLACED = "replaced"
    EXPIRED = "expired"
    APPROVED = "approved"
    LATER_PLAN = "later_plan"
    NOT_APPROVED = "not_approved"
    LEFT_CARE = "left_care"
    LEFT_TEAM = "left_team"
    NOT_TOLD = "not_told"
    OTHER_ADDRESS = "other_address"

    @property
    def words(self) -> str:
        """Return the reason as the list of links shows it to staff."""
        return _OVER_WORDS[self]


_OVER_WORDS = {
    Over.TAKEN_BACK: "Taken back",
    Over.REPLACED: "Replaced by a later link",
    Over.EXPIRED: "Expired",
    Over.APPROVED: "Over: the plan is approved",
    Over.LATER_PLAN: "Over: a later plan has replaced this one",
    Over.NOT_APPROVED: "Over: the plan is open again",
    Over.LEFT_CARE: "Over: the child left care",
    Over.LEFT_TEAM: "Over: no longer on the team",
    Over.NOT_TOLD: "Over: it was decided that they do not read the plan",
    Over.OTHER_ADDRESS: "Over: another e-mail address is recorded now",
}


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """A link to one plan that was sent to one person; `secret_hash` is all that is kept of its secret.

    `person_id` is empty and `capacity` says who they are (“Educational psychologist”) for somebody from outside the
    team. `uses` counts how often a code opened it, `used_at` when that was last, `handed_in_at` when something was
    last saved by it. `taken_back_by` is empty where a later link has replaced it.
    """

    id: str
    secret_hash: str
    child_id: str
    plan_id: str
    purpose: Purpose
    person_id: str
    name: str
    capacity: str
    email: str
    sent_by: str
    sent_by_name: str
    sent_at: datetime
    expires_at: datetime
    uses: int = 0
    used_at: datetime | None = None
    handed_in_at: datetime | None = None
    taken_back_at: datetime | None = None
    taken_back_by: str = ""

    @property
    def holder_id(self) -> str:
        """Return as whom its holder stands in history and audit; somebody from outside is known by the link alone."""
        return self.person_id or self.id


@dataclass(frozen=True, slots=True)
class Holding:
    """How the holder of a link stands today: what the link depends on besides itself."""

    state: PlanState
    in_care: bool
    on_team: bool
    is_told: bool
    email: str


def why_over(link: PersonalLink, holding: Holding, now: datetime) -> Over | None:
    """Return why a link opens nothing any more, or None while it does.

    What is written for a plan is written before its approval; a parent reads it from then on. Either ends with the day
    the holder leaves the team, with the child's leaving care, and when another address than the link's is recorded.
    """
    reading = link.purpose is Purpose.PARENT_PLAN
    approved = holding.state is PlanState.APPROVED
    found = {
        Over.TAKEN_BACK: link.taken_back_at is not None and bool(link.taken_back_by),
        Over.REPLACED: link.taken_back_at is not None,
        Over.EXPIRED: link.expires_at <= now,
        Over.LEFT_CARE: not holding.in_care,
        Over.LEFT_TEAM: not holding.on_team,
        Over.OTHER_ADDRESS: holding.email.lower() != link.email.lower(),
        Over.LATER_PLAN: holding.state is PlanState.SUPERSEDED,
        Over.APPROVED: not reading and approved,
        Over.NOT_APPROVED: reading and not approved,
        Over.NOT_TOLD: reading and not holding.is_told,
    }
    return next((why for why, holds in found.items() if holds), None)


def may_still_write(purpose: Purpose, state: PlanState) -> bool:
    """Tell whether what a link is for may still be written; after that it shows what was handed in."""
    return purpose is not Purpose.PARENT_PLAN and state in (
        PlanState.DUE, PlanState.DATED, PlanState.HELD, PlanState.RETURNED,
    )  # fmt: skip


class Tried(StrEnum):
    """What came of entering a code."""

    LET_IN = "let_in"
    WRONG = "wrong"
    NO_CODE = "no_code"


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser in which a code was asked for; `id` is the hash of what only that browser holds."""

    id: str
    link_id: str
    code_hash: str
    asked_at: datetime
    tries: int = 0
    entered_at: datetime | None = None

    def takes_code(self, now: datetime) -> bool:
        """Tell whether its code may still be entered: once, within ten minutes, after fewer than five wrong ones."""
        return self.entered_at is None and now - self.asked_at <= CODE_LASTS and self.tries < CODE_TRIES

    def is_inside(self, now: datetime) -> bool:
        """Tell whether the code was entered, less than an hour ago."""
        return self.entered_at is not None and now - self.entered_at <= VISIT_LASTS


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def code_hash(key: str, visit_id: str, code: str) -> str:
    """Return what is kept of a code: a keyed hash, since a million of plain ones are soon tried."""
    return hmac.new(key.encode(), f"personal link {visit_id} {code}".encode(), sha256).hexdigest()


def is_code(key: str, visit: Visit, typed: str) -> bool:
    """Tell whether the code of a visit was typed; blanks and hyphens do not count."""
    plain = typed.replace(" ", "").replace("-", "")
    return hmac.compare_digest(code_hash(key, visit.id, plain), visit.code_hash)
