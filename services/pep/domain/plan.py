"""The plan and its states: a table says which intent leads where, and why every other is refused.

A plan is due, then dated (its meeting has a time), held, submitted, and approved or returned; a returned plan is
submitted again. It is superseded when a later plan of the same child is approved. Nothing is locked: sections may be
amended in every state but superseded. A further meeting (an early one that a concern asked for) does not undo what was
submitted; when it has been held on an approved plan, the plan is open again so that what was agreed is written in and
submitted anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.pep.domain.forms import Section, Value, missing_in
from services.pep.domain.targets import Target, smart_gaps
from shared.kernel.errors import Conflict, DomainError, InvalidInput


class PlanKind(StrEnum):
    """Why the plan was opened."""

    FIRST = "first"
    TERMLY = "termly"
    EARLY = "early"

    @property
    def words(self) -> str:
        """Return the kind as a page shows it."""
        return {"first": "First plan", "termly": "Termly plan", "early": "Early plan"}[self]


class PlanState(StrEnum):
    """Where a plan is on its way."""

    DUE = "due"
    DATED = "dated"
    HELD = "held"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    SUPERSEDED = "superseded"

    @property
    def words(self) -> str:
        """Return the state as a page shows it."""
        return _STATE_WORDS[self]


_STATE_WORDS = {
    PlanState.DUE: "Meeting to arrange",
    PlanState.DATED: "Meeting arranged",
    PlanState.HELD: "Meeting held",
    PlanState.SUBMITTED: "With the Virtual School",
    PlanState.RETURNED: "Returned to mend",
    PlanState.APPROVED: "Approved",
    PlanState.SUPERSEDED: "Replaced by a later plan",
}


class Intent(StrEnum):
    """What may be asked of a plan."""

    ARRANGE_MEETING = "arrange_meeting"
    PUT_BACK_MEETING = "put_back_meeting"
    HOLD_MEETING = "hold_meeting"
    SUBMIT = "submit"
    SUBMIT_WITHOUT_MEETING = "submit_without_meeting"
    RETURN_PLAN = "return_plan"
    APPROVE = "approve"
    SUPERSEDE = "supersede"


_S, _I = PlanState, Intent
BEFORE_MEETING = (_S.DUE, _S.DATED)
OPEN = (_S.DUE, _S.DATED, _S.HELD, _S.RETURNED)
"""The states in which school and social worker still have to complete the plan."""

TRANSITIONS: Mapping[tuple[PlanState, Intent], PlanState] = {
    **{(state, _I.ARRANGE_MEETING): _S.DATED for state in BEFORE_MEETING},
    **{(state, _I.PUT_BACK_MEETING): _S.DUE for state in BEFORE_MEETING},
    **{(state, _I.HOLD_MEETING): _S.HELD for state in BEFORE_MEETING},
    **{(state, _I.SUBMIT_WITHOUT_MEETING): _S.SUBMITTED for state in BEFORE_MEETING},
    # A further meeting leaves the plan where it is ...
    **{
        (state, intent): state
        for state in (_S.HELD, _S.SUBMITTED, _S.RETURNED, _S.APPROVED)
        for intent in (_I.ARRANGE_MEETING, _I.PUT_BACK_MEETING)
    },
    **{(state, _I.HOLD_MEETING): state for state in (_S.HELD, _S.SUBMITTED, _S.RETURNED)},
    # ... but one held on an approved plan opens it again.
    (_S.APPROVED, _I.HOLD_MEETING): _S.HELD,
    **{(state, _I.SUBMIT): _S.SUBMITTED for state in (_S.HELD, _S.RETURNED)},
    (_S.SUBMITTED, _I.RETURN_PLAN): _S.RETURNED,
    (_S.SUBMITTED, _I.APPROVE): _S.APPROVED,
    **{(state, _I.SUPERSEDE): _S.SUPERSEDED for state in _S if state is not _S.SUPERSEDED},
}

_NOT_WITH_VIRTUAL_SCHOOL = ("plan_not_submitted", "The plan is not with the Virtual School, so it cannot be decided.")
_HAD_A_MEETING = ("meeting_was_held", "A meeting was held, so submit the plan in the usual way.")
_WITH_VIRTUAL_SCHOOL = ("plan_already_submitted", "The plan is already with the Virtual School.")
_IS_APPROVED = ("plan_already_approved", "The plan is already approved.")
_IS_SUPERSEDED = ("plan_superseded", "A later plan has replaced this one. Work on the later plan.")

REFUSALS: Mapping[tuple[PlanState, Intent], tuple[str, str]] = {
    **{
        (state, _I.SUBMIT): ("meeting_not_held", "Hold the meeting first, or say why no meeting took place.")
        for state in BEFORE_MEETING
    },
    (_S.SUBMITTED, _I.SUBMIT): _WITH_VIRTUAL_SCHOOL,
    (_S.SUBMITTED, _I.SUBMIT_WITHOUT_MEETING): _WITH_VIRTUAL_SCHOOL,
    (_S.APPROVED, _I.SUBMIT): _IS_APPROVED,
    (_S.APPROVED, _I.SUBMIT_WITHOUT_MEETING): _IS_APPROVED,
    **{(state, _I.SUBMIT_WITHOUT_MEETING): _HAD_A_MEETING for state in (_S.HELD, _S.RETURNED)},
    **{
        (state, intent): _NOT_WITH_VIRTUAL_SCHOOL
        for state in (_S.DUE, _S.DATED, _S.HELD, _S.RETURNED)
        for intent in (_I.RETURN_PLAN, _I.APPROVE)
    },
    **{(_S.APPROVED, intent): _IS_APPROVED for intent in (_I.RETURN_PLAN, _I.APPROVE)},
    **{(_S.SUPERSEDED, intent): _IS_SUPERSEDED for intent in _I},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A personal education plan of one child.

    `meet_by` is the latest date for the meeting, `due_on` the date by which the plan must be complete, `rule` the code
    of the rule that set them. `submission` counts how often it was submitted. `rating` and `decision_codes` are the
    Virtual School's last word. `no_meeting_reason` says why no meeting took place, where none did. `circumstances` are
    codes of what applies to the child while the plan is open (`domain.circumstances`).
    """

    id: str
    child_id: str
    authority: str
    kind: PlanKind
    term: str
    phase: str
    form_version: str
    opened_on: date
    meet_by: date
    due_on: date
    rule: str
    state: PlanState = PlanState.DUE
    held_on: date | None = None
    no_meeting_reason: str = ""
    submission: int = 0
    submitted_on: date | None = None
    approved_on: date | None = None
    rating: str = ""
    decision_codes: tuple[str, ...] = ()
    circumstances: tuple[str, ...] = ()
    version: int = 1

    @property
    def term_words(self) -> str:
        """Return the term as a page shows it: "autumn term 2026"."""
        return term_words(self.term)

    @property
    def is_open(self) -> bool:
        """Tell whether school and social worker still have to complete it."""
        return self.state in OPEN

    @property
    def must_stay_complete(self) -> bool:
        """Tell whether an amendment may no longer take a required answer out."""
        return self.state in (PlanState.SUBMITTED, PlanState.APPROVED)

    def is_late(self, today: date) -> bool:
        """Tell whether the due date has passed and the plan was never submitted."""
        return self.is_open and self.submission == 0 and self.due_on < today


@dataclass(frozen=True, slots=True)
class Invitee:
    """One person invited to the meeting, as scheduling told it; `answer` as in the contract."""

    person_id: str
    role: str
    required: bool
    answer: str


@dataclass(frozen=True, slots=True)
class MeetingWent:
    """How a held meeting went, as scheduling told it; the codes are those of the contract."""

    quorate: bool = True
    why_counted: str = ""
    apologies: tuple[str, ...] = ()
    no_shows: tuple[str, ...] = ()
    participation: str = ""
    child_attended: bool | None = None
    child_conveyed: str = ""


@dataclass(frozen=True, slots=True)
class PlanMeeting:
    """The plan's own copy of its meeting; `state` is arranged, put_back, cancelled or held.

    `went` is told of a meeting that was held.
    """

    id: str
    plan_id: str
    child_id: str
    starts_at: datetime
    ends_at: datetime
    mode: str
    state: str
    invitees: tuple[Invitee, ...] = ()
    attended: tuple[str, ...] = ()
    held_on: date | None = None
    went: MeetingWent | None = None

    def with_answer(self, person_id: str, role: str, required: bool, answer: str) -> PlanMeeting:
        """Return the meeting with one invitee's answer set (an invitee unknown so far is added)."""
        others = tuple(one for one in self.invitees if one.person_id != person_id)
        at = next((place for place, one in enumerate(self.invitees) if one.person_id == person_id), len(others))
        answered = Invitee(person_id, role, required, answer)
        return replace(self, invitees=(*others[:at], answered, *others[at:]))


def term_words(term: str) -> str:
    """Return a term's key in words: `2026-autumn` is "autumn term 2026"."""
    year, _, season = term.partition("-")
    return f"{season} term {year}"


def step(state: PlanState, intent: Intent) -> PlanState:
    """Return the state that `intent` leads to, or raise `Conflict` with the refusal's code."""
    after = TRANSITIONS.get((state, intent))
    if after is None:
        code, message = REFUSALS[state, intent]
        raise Conflict(code, message, state=state.value, intent=intent.value)
    return after


def arrange_meeting(plan: Plan) -> Plan:
    """Return the plan with its meeting arranged or moved."""
    return replace(plan, state=step(plan.state, Intent.ARRANGE_MEETING))


def put_back_meeting(plan: Plan) -> Plan:
    """Return the plan with its meeting to be arranged anew."""
    return replace(plan, state=step(plan.state, Intent.PUT_BACK_MEETING))


def hold_meeting(plan: Plan, held_on: date) -> Plan:
    """Return the plan with its meeting held."""
    return replace(plan, state=step(plan.state, Intent.HOLD_MEETING), held_on=held_on)


def submit(plan: Plan, today: date, not_ready: bool, no_meeting_reason: str = "") -> Plan:
    """Return the plan with the Virtual School.

    A plan is submitted after its meeting; where none took place, a reason must be given. `not_ready` says that
    something a plan must contain is missing (SI 2010/959 regulation 5(b)(ii) and Schedule 1 paragraph 2): see
    `services.pep.domain.submission`. Raises `Conflict` for the state and `DomainError` plan_not_ready.
    """
    reason = no_meeting_reason.strip()
    without = bool(reason) and plan.state in BEFORE_MEETING
    after = step(plan.state, Intent.SUBMIT_WITHOUT_MEETING if without else Intent.SUBMIT)
    if not_ready:
        raise DomainError("plan_not_ready", "The plan cannot be submitted yet. See what is missing.")
    return replace(
        plan,
        state=after,
        submission=plan.submission + 1,
        submitted_on=today,
        no_meeting_reason=reason if without else plan.no_meeting_reason,
        decision_codes=(),
        rating="",
    )


def return_plan(plan: Plan, rating: str, mend: tuple[str, ...]) -> Plan:
    """Return the plan put back with school and social worker; `mend` holds the codes of what to mend."""
    return replace(plan, state=step(plan.state, Intent.RETURN_PLAN), rating=rating, decision_codes=mend)


def approve(plan: Plan, on: date, rating: str, reasons: tuple[str, ...]) -> Plan:
    """Return the plan approved."""
    return replace(plan, state=step(plan.state, Intent.APPROVE), approved_on=on, rating=rating, decision_codes=reasons)


def supersede(plan: Plan) -> Plan:
    """Return the plan replaced by a later one."""
    return replace(plan, state=step(plan.state, Intent.SUPERSEDE))


def check_edit(plan: Plan, section: Section, values: Mapping[str, Value], reason: str) -> bool:
    """Check that a section may be saved with these values; return whether the change is an amendment.

    Never locked: after approval an edit is an amendment and needs a reason. While a plan is submitted or approved an
    edit may not take out what Schedule 1 paragraph 2 or the form requires. Raises `Conflict` for a superseded plan and
    `InvalidInput` by field.
    """
    if plan.state is PlanState.SUPERSEDED:
        code, message = _IS_SUPERSEDED
        raise Conflict(code, message, state=plan.state.value)
    amends = plan.state is PlanState.APPROVED
    errors: dict[str, list[str]] = {}
    if plan.must_stay_complete:
        where = "approved" if amends else "with the Virtual School"
        for gap in missing_in(section, values):
            errors[gap.field.key] = [f"The plan is {where}, so this must stay answered."]
    if amends and not reason.strip():
        errors["reason"] = ["Say why you are changing an approved plan."]
    if errors:
        raise InvalidInput(errors)
    return amends


def check_targets(plan: Plan, after: tuple[Target, ...]) -> None:
    """Check that a plan may have these targets: a submitted or approved one keeps at least one, and each whole.

    Raises `Conflict`.
    """
    if plan.state is PlanState.SUPERSEDED:
        code, message = _IS_SUPERSEDED
        raise Conflict(code, message, state=plan.state.value)
    if not plan.must_stay_complete:
        return
    if not after:
        raise Conflict("last_target", "A plan that was submitted keeps at least one target.")
    for target in after:
        if gaps := smart_gaps(target, plan.opened_on):
            missing = "; ".join(gap.words for gap in gaps)
            raise Conflict(
                "target_not_whole", f"The plan was submitted, so its targets stay whole. Missing: {missing}."
            )
