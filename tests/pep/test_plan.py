from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.pep.adapters.form_files import current_version, form_of
from services.pep.domain import plan as plans
from services.pep.domain.forms import FieldType, Form, Heading, Section, headings_answered
from services.pep.domain.plan import (
    REFUSALS,
    TRANSITIONS,
    Intent,
    Invitee,
    Plan,
    PlanKind,
    PlanMeeting,
    PlanState,
    check_edit,
    step,
)
from services.pep.domain.submission import (
    Progress,
    ReasonKind,
    meeting_reason,
    reasons_not_to_submit,
    section_progress,
)
from services.pep.domain.targets import Category, Target
from shared.kernel.errors import Conflict, DomainError, InvalidInput

TODAY = date(2026, 11, 23)
FORM = form_of("primary", current_version())


def make_plan(state: PlanState = PlanState.DUE, **changes: Any) -> Plan:
    plan = Plan(
        id="plan",
        child_id="child",
        authority="northmoor",
        kind=PlanKind.TERMLY,
        term="2026-autumn",
        phase="primary",
        form_version=current_version(),
        opened_on=date(2026, 9, 1),
        meet_by=date(2026, 12, 4),
        due_on=date(2026, 12, 18),
        rule="termly_pep",
    )
    return replace(plan, state=state, **changes)


def make_target(**changes: Any) -> Target:
    target = Target(
        id="target",
        plan_id="plan",
        child_id="child",
        category=Category.ACADEMIC,
        what="Read a chapter book alone",
        measure="Reading age rises by six months",
        who="Class teacher and carer",
        by_date=date(2027, 3, 26),
        how_often="Three times a week",
        cost_pence=25000,
    )
    return replace(target, **changes)


def answered(form: Form = FORM) -> dict[str, dict[str, Any]]:
    samples = {FieldType.YES_NO: False, FieldType.DATE: "2026-12-07", FieldType.NUMBER: 95, FieldType.MONEY: 100}
    return {
        section.key: {f.key: f.options[0][0] if f.options else samples.get(f.type, "words") for f in section.fields}
        for section in form.sections
    }


def section_of(key: str) -> Section:
    section = FORM.section(key)
    assert section is not None
    return section


@pytest.mark.parametrize(("state", "intent"), list(product(PlanState, Intent)))
def test_every_pair_of_state_and_intent_is_a_transition_or_a_named_refusal(state: PlanState, intent: Intent) -> None:
    assert ((state, intent) in TRANSITIONS) != ((state, intent) in REFUSALS)
    if (state, intent) in TRANSITIONS:
        assert step(state, intent) is TRANSITIONS[state, intent]
    else:
        with pytest.raises(Conflict) as caught:
            step(state, intent)
        assert caught.value.code == REFUSALS[state, intent][0]
        assert caught.value.message.endswith(".")


def test_the_usual_way_leads_from_due_to_approved() -> None:
    plan = plans.arrange_meeting(make_plan())
    assert plan.state is PlanState.DATED
    plan = plans.submit(plans.hold_meeting(plan, TODAY), TODAY, not_ready=False)
    assert (plan.state, plan.submission, plan.held_on) == (PlanState.SUBMITTED, 1, TODAY)
    plan = plans.return_plan(plan, "red", ("targets_not_smart",))
    plan = plans.submit(plan, TODAY, not_ready=False)
    assert (plan.submission, plan.rating, plan.decision_codes) == (2, "", ())
    plan = plans.approve(plan, TODAY, "green", ())
    assert (plan.state, plan.approved_on) == (PlanState.APPROVED, TODAY)
    assert plans.supersede(plan).state is PlanState.SUPERSEDED


def test_a_meeting_put_back_makes_the_plan_due_again() -> None:
    assert plans.put_back_meeting(make_plan(PlanState.DATED)).state is PlanState.DUE


def test_without_a_meeting_a_plan_is_submitted_only_with_a_reason() -> None:
    with pytest.raises(Conflict) as caught:
        plans.submit(make_plan(), TODAY, not_ready=False, no_meeting_reason="   ")
    assert caught.value.code == "meeting_not_held"
    plan = plans.submit(make_plan(), TODAY, not_ready=False, no_meeting_reason="Child in hospital")
    assert (plan.state, plan.no_meeting_reason) == (PlanState.SUBMITTED, "Child in hospital")


def test_a_plan_that_is_not_ready_is_not_submitted() -> None:
    with pytest.raises(DomainError) as caught:
        plans.submit(make_plan(PlanState.HELD), TODAY, not_ready=True)
    assert caught.value.code == "plan_not_ready"


def test_a_further_meeting_held_on_an_approved_plan_opens_it_again() -> None:
    plan = plans.arrange_meeting(make_plan(PlanState.APPROVED, submission=1))
    assert plan.state is PlanState.APPROVED
    assert plans.hold_meeting(plan, TODAY).state is PlanState.HELD


def test_an_approved_plan_is_amended_with_a_reason_and_stays_complete() -> None:
    plan = make_plan(PlanState.APPROVED)
    assert check_edit(plan, section_of("leisure"), {"interests": "Drums"}, "She took up drums") is True
    with pytest.raises(InvalidInput) as caught:
        check_edit(plan, section_of("leisure"), {"interests": ""}, " ")
    assert set(caught.value.errors) == {"interests", "reason"}


def test_a_plan_before_submission_may_have_gaps_and_needs_no_reason() -> None:
    assert check_edit(make_plan(PlanState.HELD), section_of("leisure"), {"interests": ""}, "") is False


def test_a_superseded_plan_is_not_edited() -> None:
    with pytest.raises(Conflict) as caught:
        check_edit(make_plan(PlanState.SUPERSEDED), section_of("leisure"), {"interests": "Drums"}, "why")
    assert caught.value.code == "plan_superseded"


def test_reasons_name_the_place_and_the_heading() -> None:
    answers = answered()
    del answers["leisure"]
    target = make_target(measure="", by_date=None)
    reasons = reasons_not_to_submit(make_plan(), FORM, answers, (target,))
    assert [(r.kind, r.section, r.field, r.target_id, r.heading) for r in reasons] == [
        (ReasonKind.ANSWER, "leisure", "interests", "", Heading.LEISURE),
        (ReasonKind.SMART, "", "measure", "target", None),
        (ReasonKind.SMART, "", "by_date", "target", None),
    ]


def test_at_least_one_target_is_needed() -> None:
    (reason,) = reasons_not_to_submit(make_plan(), FORM, answered(), ())
    assert reason.kind is ReasonKind.TARGET
    assert reasons_not_to_submit(make_plan(), FORM, answered(), (make_target(),)) == ()


def test_the_meeting_is_a_reason_until_it_is_held() -> None:
    waiting = meeting_reason(make_plan(PlanState.DATED))
    assert waiting is not None
    assert waiting.kind is ReasonKind.MEETING
    assert meeting_reason(make_plan(PlanState.HELD)) is None


def test_a_section_is_not_started_started_or_done_and_an_unasked_one_is_optional() -> None:
    leisure, carer = section_of("leisure"), section_of("carer_contribution")
    assert section_progress(leisure, {}) == (Progress.NOT_STARTED, 1)
    assert section_progress(leisure, {"leisure": {"interests": ""}}) == (Progress.STARTED, 1)
    assert section_progress(leisure, {"leisure": {"interests": "Chess"}}) == (Progress.DONE, 0)
    assert section_progress(carer, {}) == (Progress.OPTIONAL, 0)


def test_a_plan_is_late_when_its_date_has_passed_and_it_was_never_submitted() -> None:
    after = date(2026, 12, 19)
    assert make_plan().is_late(after)
    assert not make_plan().is_late(date(2026, 12, 18))
    assert not make_plan(PlanState.RETURNED, submission=1).is_late(after)
    assert not make_plan(PlanState.APPROVED, submission=1).is_late(after)


def test_an_answer_changes_one_invitee_and_keeps_the_order() -> None:
    start = datetime(2026, 12, 1, 14, tzinfo=UTC)
    invited = (Invitee("a", "social_worker", True, "accepted"), Invitee("b", "carer", False, "needs_action"))
    meeting = PlanMeeting("m", "plan", "child", start, start + timedelta(hours=1), "in_person", "arranged", invited)
    after = meeting.with_answer("a", "social_worker", True, "declined").with_answer("c", "parent", False, "accepted")
    assert [(one.person_id, one.answer) for one in after.invitees] == [
        ("a", "declined"),
        ("b", "needs_action"),
        ("c", "accepted"),
    ]


class PlanOnItsWay(RuleBasedStateMachine):
    """Anybody does anything in any order; approval never comes with a heading of Schedule 1 paragraph 2 open."""

    @initialize(phase=st.sampled_from(["early_years", "primary", "secondary", "post_16"]))
    def open(self, phase: str) -> None:
        self.form = form_of(phase, current_version())
        self.plan = make_plan(phase=phase)
        self.answers: dict[str, dict[str, Any]] = {}
        self.targets: tuple[Target, ...] = ()

    def _save(self, section: Section, values: dict[str, Any], reason: str) -> None:
        try:
            check_edit(self.plan, section, values, reason)
        except DomainError:
            return
        self.answers[section.key] = values

    @rule(reason=st.sampled_from(["", "because"]))
    def answer_all(self, reason: str) -> None:
        for section in self.form.sections:
            self._save(section, answered(self.form)[section.key], reason)

    @rule(pick=st.integers(0, 20), which=st.integers(0, 20), reason=st.sampled_from(["", "because"]))
    def blank_one(self, pick: int, which: int, reason: str) -> None:
        section = self.form.sections[pick % len(self.form.sections)]
        values = dict(self.answers.get(section.key, {}))
        values[section.fields[which % len(section.fields)].key] = None
        self._save(section, values, reason)

    @rule(whole=st.booleans())
    def set_target(self, whole: bool) -> None:
        after = (make_target(measure="Counted weekly" if whole else ""),)
        try:
            plans.check_targets(self.plan, after)
        except DomainError:
            return
        self.targets = after

    @rule(intent=st.sampled_from(list(Intent)), reason=st.sampled_from(["", "No one could come"]))
    def ask(self, intent: Intent, reason: str) -> None:
        not_ready = bool(reasons_not_to_submit(self.plan, self.form, self.answers, self.targets))
        steps = {
            Intent.ARRANGE_MEETING: lambda: plans.arrange_meeting(self.plan),
            Intent.PUT_BACK_MEETING: lambda: plans.put_back_meeting(self.plan),
            Intent.HOLD_MEETING: lambda: plans.hold_meeting(self.plan, TODAY),
            Intent.SUBMIT: lambda: plans.submit(self.plan, TODAY, not_ready),
            Intent.SUBMIT_WITHOUT_MEETING: lambda: plans.submit(self.plan, TODAY, not_ready, reason),
            Intent.RETURN_PLAN: lambda: plans.return_plan(self.plan, "red", ("mend",)),
            Intent.APPROVE: lambda: plans.approve(self.plan, TODAY, "green", ()),
            Intent.SUPERSEDE: lambda: plans.supersede(self.plan),
        }
        try:
            self.plan = steps[intent]()
        except DomainError as refusal:
            assert refusal.code  # noqa: PT017 - any refusal will do, as long as it has a name

    @invariant()
    def nothing_is_submitted_or_approved_with_a_heading_open(self) -> None:
        if self.plan.state in (PlanState.SUBMITTED, PlanState.APPROVED):
            assert headings_answered(self.form, self.answers) == frozenset(Heading)
            assert self.targets
            assert self.plan.held_on or self.plan.no_meeting_reason


TestPlanOnItsWay = PlanOnItsWay.TestCase
TestPlanOnItsWay.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
