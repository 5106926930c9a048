"""Whether a plan may be submitted, and every reason why not, each with the place where it is put right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.pep.domain.forms import Answers, Form, Heading, Section, headings_answered, missing, missing_in
from services.pep.domain.plan import Plan, PlanState
from services.pep.domain.targets import Target, smart_gaps
from shared.contracts.roles import Role


class ReasonKind(StrEnum):
    """What sort of thing is missing."""

    ANSWER = "answer"
    TARGET = "target"
    SMART = "smart"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why a plan cannot be submitted yet.

    `section` and `field`, or `target_id`, say where it is put right; `owner` is the role it waits for and `heading` the
    heading of Schedule 1 paragraph 2 that it leaves open.
    """

    kind: ReasonKind
    words: str
    owner: Role
    section: str = ""
    field: str = ""
    target_id: str = ""
    heading: Heading | None = None


def reasons_not_to_submit(plan: Plan, form: Form, answers: Answers, targets: tuple[Target, ...]) -> tuple[Reason, ...]:
    """List what must be put right before the plan is submitted, the meeting left aside.

    A plan must contain what SI 2010/959 Schedule 1 paragraph 2 lists (regulation 5(b)(ii)); the statutory guidance of
    2018 asks for SMART targets, so at least one is needed and each must be whole.
    """
    reasons = [
        Reason(
            ReasonKind.ANSWER,
            f"{gap.section.title}: {gap.field.label}",
            gap.owner,
            section=gap.section.key,
            field=gap.field.key,
            heading=gap.heading,
        )
        for gap in missing(form, answers)
    ]
    if not targets:
        reasons.append(Reason(ReasonKind.TARGET, "Targets: at least one is needed", Role.DESIGNATED_TEACHER))
    for number, target in enumerate(targets, start=1):
        reasons.extend(
            Reason(
                ReasonKind.SMART,
                f"Target {number}: {gap.words}",
                Role.DESIGNATED_TEACHER,
                field=gap.field,
                target_id=target.id,
            )
            for gap in smart_gaps(target, plan.opened_on)
        )
    return tuple(reasons)


def meeting_reason(plan: Plan) -> Reason | None:
    """Return the reason that no meeting was held, where the plan waits for one."""
    if plan.state not in (PlanState.DUE, PlanState.DATED):
        return None
    return Reason(ReasonKind.MEETING, "The meeting has not been held", Role.SOCIAL_WORKER)


class Progress(StrEnum):
    """How far a section is."""

    NOT_STARTED = "not_started"
    STARTED = "started"
    DONE = "done"
    OPTIONAL = "optional"


def section_progress(section: Section, answers: Answers) -> tuple[Progress, int]:
    """Tell how far a section is, and how many required answers it lacks; it is done when started and lacking none."""
    values = answers.get(section.key)
    gaps = len(missing_in(section, values or {}))
    if values is None:
        return Progress.OPTIONAL if section.is_optional else Progress.NOT_STARTED, gaps
    return Progress.STARTED if gaps else Progress.DONE, gaps


def headings_in_numbers(form: Form, answers: Answers) -> tuple[int, int]:
    """Return how many headings of Schedule 1 paragraph 2 are answered, and how many there are."""
    return len(headings_answered(form, answers)), len(Heading)
