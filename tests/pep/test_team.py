from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.pep.adapters.history_store import history_of
from services.pep.application import children, team
from services.pep.application.children import NewChild
from services.pep.application.worklist import children_items
from services.pep.domain.children import Child
from shared.contracts.pep import PersonRecorded, TeamMemberJoined, TeamMemberLeft
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, Denied, DomainError, InvalidInput, NotFound
from shared.platform.roster import Membership
from tests.pep.child_world import Pep

TODAY = date(2026, 11, 23)


@pytest.fixture
def child(pep: Pep) -> Child:
    new = NewChild(
        "100001",
        "Amara Bright",
        date(2013, 3, 9),
        "C1",
        date(2026, 11, 11),
        school_urn="900001",
        team={Role.SOCIAL_WORKER: "worker"},
    )
    with pep.as_("manager") as work:
        return children.enter_care(work, new)


def add(pep: Pep, child: Child, person: str, role: Role, day: date = TODAY, who: str = "worker") -> Membership:
    with pep.as_(who) as work:
        return team.add_member(work, child.id, person, role, day)


def roles(pep: Pep, child: Child, who: str = "worker") -> dict[str, Role]:
    with pep.reading_as(who) as work:
        return {one.person_id: one.role for one in team.team_of(work, child.id)}


def place(pep: Pep, child: Child, role: Role) -> Membership:
    with pep.reading_as("head") as work:
        return next(one for one in team.whole_team_of(work, child.id) if one.role is role)


def test_a_person_joins_in_a_role_from_a_day_and_the_others_hear_of_it(pep: Pep, child: Child) -> None:
    member = add(pep, child, "iro", Role.IRO)

    assert roles(pep, child)["iro"] is Role.IRO
    fact = pep.facts(TeamMemberJoined)[-1]
    assert (fact.membership_id, fact.role, fact.from_date, fact.email) == (
        member.id,
        "iro",
        TODAY,
        "iro@people.example",
    )


def test_a_carer_is_recorded_with_the_team_and_may_then_see_the_child(pep: Pep, child: Child) -> None:
    with pep.as_("worker") as work:
        member = team.add_new_person(work, child.id, " Dele Stone ", "dele@home.example", Role.CARER, TODAY)

    assert member.name == "Dele Stone"
    assert [fact.kinds for fact in pep.facts(PersonRecorded) if fact.person_id == member.person_id] == [("carer",)]


@pytest.mark.parametrize(
    ("person", "role", "day", "code"),
    [
        ("worker2", Role.SOCIAL_WORKER, TODAY, "role_taken"),
        ("worker", Role.SOCIAL_WORKER, TODAY, "already_on_team"),
        ("worker2", Role.IRO, TODAY, "invalid_input"),
        ("nobody", Role.IRO, TODAY, "invalid_input"),
        ("iro", Role.IRO, date(2026, 11, 10), "invalid_input"),
        ("iro", Role.IRO, date(2027, 12, 1), "invalid_input"),
        ("head", Role.VIRTUAL_SCHOOL_HEAD, TODAY, "invalid_input"),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    pep: Pep, child: Child, person: str, role: Role, day: date, code: str
) -> None:
    before = roles(pep, child)

    with pytest.raises(DomainError) as refusal:
        add(pep, child, person, role, day)

    assert refusal.value.code == code
    assert roles(pep, child) == before


def test_two_carers_may_be_on_a_team(pep: Pep, child: Child) -> None:
    with pep.as_("worker") as work:
        team.add_new_person(work, child.id, "Maya Stone", None, Role.CARER, TODAY)
        team.add_new_person(work, child.id, "Dele Stone", None, Role.CARER, TODAY)

    assert list(roles(pep, child).values()).count(Role.CARER) == 2


def test_staff_cannot_be_made_up(pep: Pep, child: Child) -> None:
    with pytest.raises(InvalidInput), pep.as_("worker") as work:
        team.add_new_person(work, child.id, "Someone", None, Role.IRO, TODAY)


def test_whoever_leaves_sees_the_child_until_the_last_day_and_no_longer(pep: Pep, child: Child) -> None:
    member = add(pep, child, "iro", Role.IRO)

    with pep.as_("worker") as work:
        team.end_membership(work, member.id, TODAY)
    assert roles(pep, child, "iro")["iro"] is Role.IRO
    with pytest.raises(Conflict), pep.as_("worker") as work:
        team.end_membership(work, member.id, TODAY)

    assert [fact.until for fact in pep.facts(TeamMemberLeft)] == [TODAY]
    pep.set_clock(pep.runtime.clock.now().replace(day=24))
    with pep.reading_as("iro") as work, pytest.raises(NotFound):
        team.team_of(work, child.id)


def test_a_change_of_worker_moves_the_work_on_the_day(pep: Pep, child: Child) -> None:
    member = place(pep, child, Role.SOCIAL_WORKER)

    def has_work(who: str) -> bool:
        with pep.reading_as(who) as work:
            return bool(children_items(work))

    assert (has_work("worker"), has_work("worker2")) == (True, False)
    with pep.as_("head") as work:
        team.change_worker(work, member.id, "worker2", TODAY)

    assert (has_work("worker"), has_work("worker2")) == (False, True)
    with pep.reading_as("worker2") as work:
        workers = [one for one in team.whole_team_of(work, child.id) if one.role is Role.SOCIAL_WORKER]
    assert [(one.person_id, one.from_date, one.until) for one in workers] == [
        ("worker2", TODAY, None),
        ("worker", date(2026, 11, 11), date(2026, 11, 22)),
    ]


def test_a_worker_may_hand_over_ahead_of_time(pep: Pep, child: Child) -> None:
    member = place(pep, child, Role.SOCIAL_WORKER)

    with pep.as_("worker") as work:
        team.change_worker(work, member.id, "worker2", date(2026, 12, 1))

    assert roles(pep, child) == {"worker": Role.SOCIAL_WORKER, "teacher": Role.DESIGNATED_TEACHER}
    with pytest.raises(Conflict), pep.as_("worker") as work:
        team.change_worker(work, member.id, "worker2", date(2026, 12, 2))


def test_nobody_takes_over_from_themselves_or_before_the_other_began(pep: Pep, child: Child) -> None:
    member = place(pep, child, Role.SOCIAL_WORKER)

    for person, day in [("worker", TODAY), ("worker2", date(2026, 11, 10))]:
        with pytest.raises(DomainError), pep.as_("worker") as work:
            team.change_worker(work, member.id, person, day)
    assert place(pep, child, Role.SOCIAL_WORKER).until is None


def test_a_parent_sees_the_team_without_the_carer_and_without_addresses(pep: Pep, child: Child) -> None:
    add(pep, child, "parent", Role.PARENT)
    add(pep, child, "carer", Role.CARER)

    def seen(who: str) -> list[tuple[str, str | None]]:
        with pep.reading_as(who) as work:
            return [(one.person_id, one.email) for one in team.team_of(work, child.id)]

    assert seen("parent") == [("worker", None), ("teacher", None), ("parent", None)]
    assert ("carer", "carer@people.example") in seen("worker")
    assert ("carer", None) in seen("carer")


@pytest.mark.parametrize(("who", "error"), [("teacher", Denied), ("worker2", NotFound), ("parent", NotFound)])
def test_only_social_care_and_the_virtual_school_change_a_team(
    pep: Pep, child: Child, who: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        add(pep, child, "iro", Role.IRO, who=who)


def test_a_membership_of_a_child_one_may_not_know_is_not_found(pep: Pep, child: Child) -> None:
    member: Any = place(pep, child, Role.SOCIAL_WORKER)

    for membership_id in (member.id, "no-such-membership"):
        with pytest.raises(NotFound), pep.as_("worker2") as work:
            team.end_membership(work, membership_id, TODAY)


def test_who_came_and_went_is_in_the_history(pep: Pep, child: Child) -> None:
    member = add(pep, child, "iro", Role.IRO)
    with pep.as_("worker") as work:
        team.end_membership(work, member.id, TODAY)

    with pep.reading_as("worker") as work:
        newest = history_of(work.connection, child.id)[:2]
    assert [(entry.who, entry.words) for entry in newest] == [
        (
            "Sam Reed, Social worker",
            "Ines Marsh leaves the team after 23 November 2026: Independent Reviewing Officer",
        ),
        (
            "Sam Reed, Social worker",
            "Ines Marsh joins the team from 23 November 2026: Independent Reviewing Officer",
        ),
    ]
