from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.pep.adapters.children_store import ChildFilter
from services.pep.adapters.history_store import history_of
from services.pep.app import SPEC
from services.pep.application import children, team
from services.pep.application.children import NewChild
from services.pep.application.children_list import list_rows
from services.pep.application.plans import plans_of_child
from services.pep.application.worklist import my_work
from services.pep.domain.children import Child
from services.pep.domain.clocks import Kind
from services.pep.entrypoints.jobs import keep_up_with_the_date
from shared.contracts.pep import (
    ChildDetailsChanged,
    ChildEnteredCare,
    ChildLeftCare,
    ChildSchoolChanged,
    PlanOpened,
    TeamMemberJoined,
)
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Stale
from tests.pep.child_world import Pep

AMARA = NewChild(
    reference="100001",
    name="Amara Bright",
    born_on=date(2013, 3, 9),
    legal_status="C1",
    entered_care_on=date(2026, 11, 11),
    school_urn="900001",
    team={Role.SOCIAL_WORKER: "worker", Role.IRO: "iro"},
)


def enter(pep: Pep, who: str = "worker", **given: Any) -> Child:
    values = {name: getattr(AMARA, name) for name in AMARA.__dataclass_fields__}
    with pep.as_(who) as work:
        return children.enter_care(work, NewChild(**{**values, **given}))


def test_a_child_who_becomes_looked_after_has_clocks_a_team_and_a_first_plan(pep: Pep) -> None:
    child = enter(pep)

    with pep.reading_as("worker") as work:
        assert {one.kind for one in children.deadlines_of(work, child)} == {
            Kind.FIRST_PEP,
            Kind.FIRST_MEETING,
            Kind.FIRST_REVIEW,
            Kind.PLAN_TO_IRO,
        }
        assert [one.role for one in team.team_of(work, child.id)] == [
            Role.SOCIAL_WORKER,
            Role.IRO,
            Role.DESIGNATED_TEACHER,
        ]
        (plan,) = plans_of_child(work, child.id)
    assert (plan.kind, plan.meet_by, plan.due_on) == ("first", date(2026, 11, 25), date(2026, 11, 25))
    (entered,) = pep.facts(ChildEnteredCare)
    assert (entered.phase, entered.year_group, entered.school_urn) == ("secondary", 9, "900001")
    assert [type(fact) for fact in pep.facts(ChildEnteredCare, TeamMemberJoined, PlanOpened)] == [
        ChildEnteredCare,
        TeamMemberJoined,
        TeamMemberJoined,
        TeamMemberJoined,
        PlanOpened,
    ]


@pytest.mark.parametrize("status", ["V3", "V4"])
def test_no_plan_is_opened_for_short_breaks_until_the_legal_status_changes(pep: Pep, status: str) -> None:
    child = enter(pep, legal_status=status)
    assert pep.facts(PlanOpened) == []

    with pep.as_("worker") as work:
        children.change_details(work, child.id, child.version, {"legal_status": "V2"})

    assert len(pep.facts(PlanOpened)) == 1


def test_a_reference_known_already_is_refused_with_the_child_it_names(pep: Pep) -> None:
    child = enter(pep)

    with pytest.raises(Conflict) as refusal:
        enter(pep, name="Someone Else")

    assert (refusal.value.code, refusal.value.facts["child_id"]) == ("child_known", child.id)
    assert len(pep.facts(ChildEnteredCare)) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reference": " "}, "reference"),
        ({"born_on": date(2026, 12, 1)}, "born_on"),
        ({"born_on": date(2008, 11, 11)}, "born_on"),
        ({"entered_care_on": date(2026, 11, 24)}, "entered_care_on"),
        ({"placement_started_on": date(2026, 11, 10)}, "placement_started_on"),
        ({"legal_status": "XX"}, "legal_status"),
        ({"upn": "A123"}, "upn"),
        ({"school_urn": "123456"}, "school_urn"),
        ({"school_urn": "900004"}, "school_urn"),
        ({"team": {Role.SOCIAL_WORKER: "nobody"}}, "social_worker"),
        ({"team": {Role.SOCIAL_WORKER: "iro"}}, "person_id"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_nothing_is_kept(pep: Pep, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        enter(pep, **given)

    assert field in refusal.value.errors
    assert pep.facts(ChildEnteredCare) == []


@pytest.mark.parametrize("who", ["teacher", "iro", "parent", "carer"])
def test_only_social_care_and_the_virtual_school_record_a_child(pep: Pep, who: str) -> None:
    with pytest.raises(Denied):
        enter(pep, who)


def test_people_see_only_the_children_on_whose_team_they_are(pep: Pep) -> None:
    first = enter(pep)
    enter(pep, reference="100002", name="Leo Marsh", team={Role.SOCIAL_WORKER: "worker2"}, school_urn="900002")

    def seen(who: str) -> list[str]:
        with pep.reading_as(who) as work:
            found, total = children.list_children(work, ChildFilter(), offset=0, limit=10)
            assert total == len(found)
            return [child.name for child in found]

    assert seen("worker") == ["Amara Bright"]
    assert seen("worker2") == ["Leo Marsh"]
    assert seen("teacher2") == ["Leo Marsh"]
    assert seen("caseworker") == []
    assert seen("head") == ["Amara Bright", "Leo Marsh"]
    with pep.reading_as("worker2") as work, pytest.raises(NotFound):
        children.child_record(work, first.id)


def test_the_list_is_searched_and_filtered(pep: Pep) -> None:
    enter(pep)
    enter(pep, reference="100%02", name="Leo Marsh", born_on=date(2019, 5, 5), school_urn=None, team={})

    def names(**chosen: Any) -> list[str]:
        with pep.reading_as("head") as work:
            found, _ = children.list_children(work, ChildFilter(**chosen), offset=0, limit=10)
            return [child.name for child in found]

    assert names(search="AMARA") == ["Amara Bright"]
    assert names(search="100%") == ["Leo Marsh"]
    assert names(phase="primary") == ["Leo Marsh"]
    assert names(year_group=9) == ["Amara Bright"]
    assert names(school_urn="900001") == ["Amara Bright"]
    assert names(in_care=False) == []
    assert names(without_social_worker_on=date(2026, 11, 23)) == ["Leo Marsh"]


def test_an_edit_of_what_someone_changed_meanwhile_is_refused(pep: Pep) -> None:
    child = enter(pep)
    with pep.as_("worker") as work:
        changed = children.change_details(work, child.id, child.version, {"known_as": "Ama"})
    assert changed.version == child.version + 1

    with pytest.raises(Stale), pep.as_("worker") as work:
        children.change_details(work, child.id, child.version, {"known_as": "Amy"})


def test_the_others_hear_of_a_new_name_and_not_of_a_new_upn(pep: Pep) -> None:
    child = enter(pep)
    with pep.as_("worker") as work:
        child = children.change_details(work, child.id, child.version, {"upn": "A123456789012"})
    assert pep.facts(ChildDetailsChanged) == []

    with pep.as_("worker") as work:
        children.change_details(work, child.id, child.version, {"name": "Amara Bright-Stone"})

    assert [fact.name for fact in pep.facts(ChildDetailsChanged)] == ["Amara Bright-Stone"]


def test_the_designated_teacher_follows_the_school(pep: Pep) -> None:
    child = enter(pep)

    with pep.as_("worker") as work:
        moved = children.change_school(work, child.id, child.version, "900002", date(2026, 11, 23))

    with pep.reading_as("worker") as work:
        teachers = [
            (one.person_id, one.until)
            for one in team.whole_team_of(work, child.id)
            if one.role is Role.DESIGNATED_TEACHER
        ]
    assert sorted(teachers) == [("teacher", date(2026, 11, 22)), ("teacher2", None)]
    (fact,) = pep.facts(ChildSchoolChanged)
    assert (fact.school_urn, fact.since, moved.school_urn) == ("900002", date(2026, 11, 23), "900002")
    with pep.reading_as("teacher") as work, pytest.raises(NotFound):
        children.child_record(work, child.id)


def test_a_child_taken_off_the_roll_has_the_clock_of_twenty_school_days(pep: Pep) -> None:
    child = enter(pep)

    with pep.as_("worker") as work:
        moved = children.change_school(work, child.id, child.version, None, date(2026, 11, 20))
        kinds = {one.kind: one.on for one in children.deadlines_of(work, moved)}

    assert kinds[Kind.NO_SCHOOL] == date(2026, 12, 18)


def test_a_review_starts_the_clock_of_the_next(pep: Pep) -> None:
    child = enter(pep)

    with pep.as_("iro") as work:
        child = children.record_review(work, child.id, child.version, date(2026, 11, 20))
        kinds = {one.kind: one.on for one in children.deadlines_of(work, child)}

    assert kinds[Kind.SECOND_REVIEW] == date(2027, 2, 20)
    with pytest.raises(InvalidInput), pep.as_("iro") as work:
        children.record_review(work, child.id, child.version, date(2026, 11, 20))


def test_leaving_care_stops_every_clock(pep: Pep) -> None:
    child = enter(pep)

    with pep.as_("worker") as work:
        left = children.leave_care(work, child.id, child.version, date(2026, 11, 20))
    with pep.reading_as("head") as work:
        assert children.deadlines_of(work, left) == ()

    assert [fact.left_on for fact in pep.facts(ChildLeftCare)] == [date(2026, 11, 20)]
    with pytest.raises(Conflict), pep.as_("head") as work:
        children.leave_care(work, child.id, left.version, date(2026, 11, 21))


def test_a_new_term_opens_the_next_plan_once_and_september_moves_a_child_up(pep: Pep) -> None:
    child = enter(pep)

    def run(day: date) -> list[tuple[str, str, date]]:
        pep.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        keep_up_with_the_date(pep.runtime, SPEC)
        return [(fact.kind, fact.term, fact.due_on) for fact in pep.facts(PlanOpened)]

    first = ("first", "2026-autumn", date(2026, 11, 25))
    spring = ("termly", "2027-spring", date(2027, 3, 18))
    assert run(date(2026, 12, 10)) == [first]
    assert run(date(2027, 1, 4)) == [first, spring]
    assert run(date(2027, 1, 5)) == [first, spring]
    assert len(run(date(2027, 9, 1))) == 3
    assert [(fact.child_id, fact.year_group) for fact in pep.facts(ChildDetailsChanged)] == [(child.id, 10)]


def test_a_list_takes_the_same_number_of_queries_however_long(
    pep: Pep, make_child: Callable[..., Child], count_queries: Callable[..., Any]
) -> None:
    def queries() -> int:
        with pep.reading_as("head") as work, count_queries(work.connection) as counted:
            children.list_children(work, ChildFilter(), offset=0, limit=50)
        return int(counted.count)

    enter(pep)
    few = queries()
    for number in range(20):
        enter(pep, reference=f"2{number:05d}", name=f"Child {number}", team={})

    assert queries() == few


def test_what_became_of_a_child_is_in_the_history(pep: Pep) -> None:
    child = enter(pep)
    with pep.as_("worker") as work:
        child = children.change_school(work, child.id, child.version, "900002", date(2026, 11, 23))
        child = children.record_review(work, child.id, child.version, date(2026, 11, 20))
        children.leave_care(work, child.id, child.version, date(2026, 11, 22))

    with pep.reading_as("worker") as work:
        words = [entry.words for entry in reversed(history_of(work.connection, child.id))]
    expected = [
        "Recorded that the child became looked after on 11 November 2026",
        "Changed the school to Elm Street Primary School from 23 November 2026",
        "Recorded the review of the care plan held on 20 November 2026",
        "Recorded that the child left care on 22 November 2026",
    ]
    assert [sentence for sentence in words if sentence in expected] == expected


def test_the_list_and_my_work_take_as_many_queries_for_many_children_as_for_few(
    pep: Pep, count_queries: Callable[..., Any]
) -> None:
    def queries() -> tuple[int, int]:
        with pep.reading_as("worker") as work:
            with count_queries(work.connection) as listed:
                list_rows(work, ChildFilter(), offset=0, limit=50)
            with count_queries(work.connection) as asked:
                my_work(work)
        return listed.count, asked.count

    for number in range(2):
        enter(pep, reference=f"1{number:05d}")
    few = queries()
    for number in range(12):
        enter(pep, reference=f"2{number:05d}")

    assert queries() == few
