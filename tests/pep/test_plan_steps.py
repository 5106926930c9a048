"""Opening, filling in, meeting about, submitting and deciding a plan, through the application's functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.pep.adapters import (
    children_store,
    tables_plan,  # noqa: F401 - declares the tables
)
from services.pep.application import plan_page, plans, reactions, retention, sections
from services.pep.application.plans import PlanToOpen
from services.pep.domain.children import Child
from services.pep.domain.plan import PlanKind, PlanState
from shared.contracts.pep import (
    PlanApproved,
    PlanOpened,
    PlanReturned,
    PlanSubmitted,
)
from shared.contracts.roles import Role
from shared.contracts.scheduling import (
    InviteeReplied,
    MeetingCancelled,
    MeetingPutBack,
)
from shared.contracts.virtual_school import ConcernClosed, PlanQualityApproved, PlanQualityReturned
from shared.kernel.errors import Conflict, Denied, DomainError, InvalidInput, NotFound, Stale
from shared.platform import roster
from shared.platform.access import system_actor
from shared.platform.work import writing_work
from shared.testing.runtimes import add_person
from tests.pep.plan_world import SPEC, TODAY, World


def test_opening_a_plan_tells_the_others_and_is_in_the_history(world: World) -> None:
    plan = world.open()
    (told,) = world.told(PlanOpened)
    assert (told.plan_id, told.term, told.meet_by) == (plan.id, "2026-autumn", date(2026, 12, 4))
    with world.looking("ira") as work:
        (step,) = plan_page.read_plan(work, plan.id).history
    assert step.words == "Opened the plan: meeting by 4 December 2026, complete by 11 December 2026"
    assert step.who == "Sam Osei, Social worker"


def test_a_second_plan_of_the_kind_for_the_term_is_refused(world: World) -> None:
    world.open()
    with pytest.raises(Conflict) as caught:
        world.open()
    assert caught.value.code == "plan_already_open"


def test_many_plans_open_in_a_constant_number_of_statements(world: World, make_child: Callable[..., Child]) -> None:
    from sqlalchemy import event

    children = [make_child(id=f"child-{n}", reference=f"9{n}") for n in range(60)]
    with writing_work(world.runtime, SPEC, system_actor("northmoor")) as work:
        children_store.add(work.connection, children)
        statements: list[str] = []
        event.listen(work.connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
        rows = [PlanToOpen(child, PlanKind.FIRST, "first_pep", TODAY, TODAY) for child in children]
        assert len(plans.open_many(work, rows)) == 60
        assert len(statements) <= 7
    assert len(world.told(PlanOpened)) == 60


def test_nobody_outside_the_team_learns_that_a_plan_exists(world: World) -> None:
    plan = world.open()
    for plan_id in (plan.id, "no-such-plan"):
        with world.looking("new") as work, pytest.raises(NotFound) as caught:
            plan_page.read_plan(work, plan_id)
        assert caught.value.message.startswith("There is no such")


@pytest.mark.parametrize(("key", "section"), [("dee", "leisure"), ("sam", "attendance"), ("ira", "leisure")])
def test_a_section_is_written_by_its_owner_alone(world: World, key: str, section: str) -> None:
    plan = world.open()
    with world.acting(key) as work, pytest.raises(Denied):
        sections.save_section(work, plan.id, section, {}, 0)


def test_a_parent_does_not_read_the_whole_plan(world: World) -> None:
    plan = world.open()
    with world.looking("pat") as work, pytest.raises(Denied):
        plan_page.read_plan(work, plan.id)


def test_two_people_in_different_sections_do_not_collide(world: World) -> None:
    plan = world.open()
    with world.acting("sam") as work:
        sections.save_section(work, plan.id, "leisure", {"interests": "Chess"}, 0)
    with world.acting("dee") as work:
        sections.save_section(work, plan.id, "wellbeing", {"wellbeing": "Settled"}, 0)
    with world.looking("sam") as work:
        rows = {row.section.key: row for row in plan_page.read_plan(work, plan.id).sections}
    assert rows["leisure"].status == "Done"
    assert rows["wellbeing"].status == "Done"
    assert rows["attendance"].status == "Waiting for Dee Larkin"
    assert rows["carer_role"].status == "Not started"
    assert rows["carer_contribution"].status == "Optional"


def test_a_section_begun_says_by_whom_and_how_much_is_missing(world: World) -> None:
    plan = world.open()
    with world.acting("dee") as work:
        sections.save_section(work, plan.id, "attendance", {"attendance_percent": "91.5"}, 0)
    with world.looking("sam") as work:
        row = next(r for r in plan_page.read_plan(work, plan.id).sections if r.section.key == "attendance")
    assert (row.status, row.missing) == ("Started by Dee Larkin", 2)


def test_a_stale_edit_shows_both_texts_and_loses_nothing(world: World) -> None:
    plan = world.open()
    for words, seen in (("Chess", 0), ("Chess and drums", 1)):
        with world.acting("sam") as work:
            sections.save_section(work, plan.id, "leisure", {"interests": words}, seen)
    with world.acting("sam") as work, pytest.raises(Stale) as caught:
        sections.save_section(work, plan.id, "leisure", {"interests": "Swimming"}, 1)
    yours, theirs = caught.value.facts["yours"], caught.value.facts["theirs"]
    assert (yours["interests"], yours["interests_support"]) == ("Swimming", None)
    assert (theirs["interests"], theirs["interests_support"]) == ("Chess and drums", None)
    assert caught.value.facts["version"] == 2
    with world.looking("sam") as work:
        page = sections.read_section(work, plan.id, "leisure")
    assert [kept.body["interests"] for kept in page.versions] == ["Chess and drums", "Chess"]


def test_sending_the_same_section_twice_saves_it_once(world: World) -> None:
    plan = world.open()
    for _ in range(2):
        with world.acting("sam") as work:
            saved = sections.save_section(work, plan.id, "leisure", {"interests": "Chess"}, 0)
        assert saved.version == 1


def test_a_wrong_answer_is_refused_at_its_field(world: World) -> None:
    plan = world.open()
    with world.acting("dee") as work, pytest.raises(InvalidInput) as caught:
        sections.save_section(work, plan.id, "attendance", {"attendance_percent": "lots"}, 0)
    assert list(caught.value.errors) == ["attendance_percent"]


def test_last_terms_answers_are_offered_where_nothing_is_saved_yet(world: World) -> None:
    world.approved()
    later = world.open(meet_by=date(2027, 3, 1), due_on=date(2027, 3, 12))
    with world.looking("sam") as work:
        page = sections.read_section(work, later.id, "leisure")
        assert plans.parts_of(work, later).answers == {}
    assert page.answers == {}
    assert page.suggested["interests"] == "Some words"
    assert page.suggested_from == "autumn term 2026"


def test_a_plan_is_submitted_when_nothing_is_missing_and_not_before(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    world.hold(plan)
    with pytest.raises(DomainError) as caught:
        world.submit(plan)
    assert caught.value.code == "plan_not_ready"
    reasons = caught.value.facts["reasons"]
    assert isinstance(reasons, list)
    assert {"leisure", "carer_role", "attendance", "planned_changes"} <= {one["section"] for one in reasons}
    world.fill_in(plan)
    assert world.submit(plan).state is PlanState.SUBMITTED
    (told,) = world.told(PlanSubmitted)
    assert (told.headings, told.answered, told.targets, told.pupil_premium_pence) == (5, 5, 1, 25_000)
    assert (told.submission, told.views_given, told.meeting_held_on) == (1, False, date(2026, 12, 2))


def test_a_plan_without_a_meeting_is_submitted_with_a_reason_only(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    with pytest.raises(DomainError) as caught:
        world.submit(plan)
    reasons = caught.value.facts["reasons"]
    assert isinstance(reasons, list)
    assert [one["kind"] for one in reasons] == ["meeting"]
    assert world.submit(plan, "School closed by flood").no_meeting_reason == "School closed by flood"


def test_submitting_twice_from_one_page_submits_once(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    world.arrange(plan)
    world.hold(plan)
    seen = world.plan(plan).version
    with world.acting("dee") as work:
        plans.submit_plan(work, plan.id, seen)
    with world.acting("dee") as work, pytest.raises(Stale):
        plans.submit_plan(work, plan.id, seen)
    assert len(world.told(PlanSubmitted)) == 1


def test_the_plan_shows_the_meeting_and_who_comes(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    world.hear(
        InviteeReplied(plan.child_id, plan.id, "meeting", "dee", "designated_teacher", True, "accepted", "mail"), ""
    )
    with world.looking("cal") as work:
        page = plan_page.read_plan(work, plan.id)
    assert page.meeting is not None
    assert page.plan.state is PlanState.DATED
    assert [(one.name, one.words) for one in page.meeting.attendees] == [
        ("Sam Osei", "Coming"),
        ("Dee Larkin", "Coming"),
        ("Advocate", "No answer yet"),
    ]
    assert page.history[0].words == "Dee Larkin answered the invitation: coming"
    assert (
        page.history[1].words == "Arranged the meeting for Wednesday 2 December 2026 at 2:30pm and sent the invitations"
    )


def test_a_meeting_put_back_or_cancelled_makes_the_plan_due_again(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    world.hear(MeetingPutBack(plan.child_id, plan.id, "meeting", "designated_teacher", date(2026, 12, 4)))
    assert world.plan(plan).state is PlanState.DUE
    world.arrange(plan)
    world.hear(MeetingCancelled(plan.child_id, plan.id, "meeting", "rearranging"))
    assert world.plan(plan).state is PlanState.DUE
    with world.looking("sam") as work:
        page = plan_page.read_plan(work, plan.id)
    assert page.meeting is None
    assert "Put the meeting back: the designated teacher cannot come" in [step.words for step in page.history]


def test_cancelling_one_of_two_meetings_leaves_the_plan_dated(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    world.arrange(plan, "another")
    world.hear(MeetingCancelled(plan.child_id, plan.id, "another", "not_needed"))
    assert world.plan(plan).state is PlanState.DATED


def test_facts_about_a_plan_or_meeting_pep_never_had_are_ignored(world: World) -> None:
    stray = replace(world.open(), id="stray")
    world.arrange(stray)
    world.hold(stray)
    world.hear(PlanQualityApproved(stray.child_id, "stray", 1, "green", (), TODAY))
    world.hear(MeetingCancelled(stray.child_id, "stray", "stray-meeting", "not_needed"))
    world.hear(ConcernClosed(stray.child_id, "stray-concern", TODAY, "resolved"))
    assert world.told(PlanApproved) == []


def test_a_returned_plan_says_what_to_mend_and_is_submitted_again(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    world.arrange(plan)
    world.hold(plan)
    world.submit(plan)
    world.hear(PlanQualityReturned(plan.child_id, plan.id, 1, "red", ("targets_not_smart",), TODAY))
    (told,) = world.told(PlanReturned)
    assert told.submission == 1
    with world.looking("dee") as work:
        page = plan_page.read_plan(work, plan.id)
        assert [item.what for item in plans.worklist_items(work)] == ["Mend Amara’s plan and submit it again"]
    assert page.plan.state is PlanState.RETURNED
    assert page.history[0].words == "Returned the plan, rated red: Targets not smart"
    assert page.history[0].who == "Val Greene, Virtual School caseworker"
    assert world.submit(plan).submission == 2


def test_a_decision_on_an_earlier_submission_changes_nothing(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    world.submit(plan, "School closed by flood")
    world.hear(PlanQualityReturned(plan.child_id, plan.id, 1, "red", ("x",), TODAY))
    world.submit(plan)
    world.hear(PlanQualityApproved(plan.child_id, plan.id, 1, "green", (), TODAY))
    assert world.plan(plan).state is PlanState.SUBMITTED


def test_an_approved_plan_is_amended_with_a_reason_kept_in_its_history(world: World) -> None:
    plan = world.approved()
    new = {"interests": "Drums now", "interests_support": ""}
    with world.acting("sam") as work, pytest.raises(InvalidInput) as caught:
        sections.save_section(work, plan.id, "leisure", new, 1)
    assert list(caught.value.errors) == ["reason"]
    with world.acting("sam") as work:
        sections.save_section(work, plan.id, "leisure", new, 1, "She stopped chess")
    with world.looking("sam") as work:
        page = plan_page.read_plan(work, plan.id)
    assert page.history[0].words == "Amended “Leisure interests” after approval: She stopped chess"
    assert page.plan.state is PlanState.APPROVED


def test_each_finds_on_their_list_what_waits_for_them(world: World) -> None:
    world.open()
    expected = {
        "sam": ["Arrange Amara’s PEP meeting", "Write the social worker’s sections of Amara’s plan"],
        "dee": ["Write the school’s sections of Amara’s plan"],
        "kid": ["Tell us what you think"],
        "cal": ["Say how things are going for Amara"],
        "val": [],
        "new": [],
    }
    for key, wanted in expected.items():
        with world.looking(key) as work:
            assert [item.what for item in plans.worklist_items(work)] == wanted, key


def test_without_a_designated_teacher_the_caseworker_writes_the_schools_sections(world: World) -> None:
    plan = world.open()
    with world.runtime.database("pep").writing() as connection:
        roster.leave(connection, "m-dee", date(2026, 11, 20))
    with world.looking("val") as work:
        assert [item.what for item in plans.worklist_items(work)] == ["Write the school’s sections of Amara’s plan"]
    with world.acting("val") as work:
        sections.save_section(work, plan.id, "wellbeing", {"wellbeing": "Settled"}, 0)
    with world.looking("sam") as work:
        rows = {row.section.key: row for row in plan_page.read_plan(work, plan.id).sections}
    assert rows["attendance"].status == "Waiting for Val Greene"


def test_a_plan_ready_after_its_meeting_is_to_be_submitted(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    world.arrange(plan)
    world.hold(plan)
    with world.looking("dee") as work:
        assert [item.what for item in plans.worklist_items(work)] == ["Submit Amara’s plan"]


def test_a_submitted_plan_is_on_the_list_of_those_who_rate_it(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    world.arrange(plan)
    world.hold(plan)
    world.submit(plan)
    world.people["hed"] = add_person(world.runtime, SPEC, "hed", Role.VIRTUAL_SCHOOL_HEAD)
    for key in ("val", "hed"):
        with world.looking(key) as work:
            (item,) = plans.worklist_items(work)
        assert (item.what, item.service, item.path) == ("Rate Amara’s plan", "virtual_school", f"/plans/{plan.id}")
    for key in ("dee", "sam", "new"):
        with world.looking(key) as work:
            assert not [item for item in plans.worklist_items(work) if item.key.startswith("rate/")]
    world.approve(plan)
    with world.looking("val") as work:
        assert plans.worklist_items(work) == []


def test_reactions_exist_for_every_subscription() -> None:
    from services.pep.entrypoints.subscriptions import SUBSCRIPTIONS

    written = {getattr(part, name) for part in (reactions, retention) for name in dir(part) if name.startswith("when_")}
    assert set(SUBSCRIPTIONS.values()) == written


def test_lists_cost_the_same_number_of_queries_however_long_they_are(
    world: World, make_child: Callable[..., Child], count_queries: Callable[..., Any]
) -> None:
    def cost() -> int:
        with world.looking("sam") as work, count_queries(work.connection) as counted:
            plans.worklist_items(work)
            plans.list_plans(work)
        return int(counted.count)

    world.open()
    before = cost()
    children = [make_child(id=f"child-{n}", reference=f"9{n}") for n in range(30)]
    with writing_work(world.runtime, SPEC, system_actor("northmoor")) as work:
        children_store.add(work.connection, children)
        for child in children:
            member = roster.Membership(f"m-{child.id}", child.id, "sam", Role.SOCIAL_WORKER, TODAY, None, "", None)
            roster.join(work.connection, member)
        plans.open_many(work, [PlanToOpen(child, PlanKind.FIRST, "first_pep", TODAY, TODAY) for child in children])
    assert cost() == before
    with world.looking("sam") as work:
        assert len(plans.worklist_items(work)) == 62
