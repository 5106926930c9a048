"""What parents are told: one person decides, a second confirms; less holds at once, more only when confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from services.pep.application import parents
from services.pep.domain.parents import Ground, State
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ParentStandingChanged
from shared.kernel.errors import Conflict, Denied, InvalidInput, NoSuchRecord
from shared.testing.pages import check_page
from tests.pep.plan_world import World


@pytest.fixture
def decide(world: World) -> Callable[..., str]:
    def doing(standing: ParentStanding, who: str = "sam", **more: object) -> str:
        with world.acting(who) as work:
            given = {"ground": Ground.AGREED} | more
            return parents.decide_for_parent(work, world.child.id, "pat", standing, **given).id  # type: ignore[arg-type]

    return doing


@pytest.fixture
def settle(world: World) -> Callable[..., None]:
    def doing(decision_id: str, who: str = "ira", *, confirmed: bool = True) -> None:
        with world.acting(who) as work:
            parents.settle_decision(work, world.child.id, decision_id, confirmed=confirmed)

    return doing


def standing(world: World) -> tuple[ParentStanding, date | None]:
    with world.looking("sam") as work:
        (view,) = parents.parents_of(work, world.child.id)
    meetings = view.on(Matter.MEETINGS)
    return meetings.standing, meetings.until


def told(world: World) -> list[str]:
    return [fact.standing for fact in world.told(ParentStandingChanged)]


def test_a_parent_is_told_nothing_until_a_second_person_has_confirmed_it(
    world: World, decide: Callable[..., str], settle: Callable[..., None]
) -> None:
    assert standing(world) == (ParentStanding.NOT_TOLD, None)
    decision = decide(ParentStanding.INVITED)
    assert (standing(world)[0], told(world)) == (ParentStanding.NOT_TOLD, [])
    settle(decision)
    assert (standing(world)[0], told(world)) == (ParentStanding.INVITED, ["invited"])


def test_nobody_confirms_what_they_decided_themselves(decide: Callable[..., str], settle: Callable[..., None]) -> None:
    decision = decide(ParentStanding.INVITED)
    with pytest.raises(Conflict, match="second person"):
        settle(decision, "sam")


def test_less_holds_at_once_and_more_again_only_by_a_second_person(
    world: World, decide: Callable[..., str], settle: Callable[..., None]
) -> None:
    settle(decide(ParentStanding.INVITED))
    less = decide(ParentStanding.NOT_TOLD, ground=Ground.COURT_ORDER, reference="ZE26C00123")
    assert (standing(world)[0], told(world)) == (ParentStanding.NOT_TOLD, ["invited", "not_told"])
    with pytest.raises(Conflict, match="waits for a second person"):
        decide(ParentStanding.INVITED)
    settle(less, confirmed=False)
    assert told(world) == ["invited", "not_told", "invited"]


def test_the_stricter_of_two_that_wait_holds_and_a_confirmed_one_replaces_those_before_it(
    world: World, decide: Callable[..., str], settle: Callable[..., None]
) -> None:
    settle(decide(ParentStanding.INVITED))
    decide(ParentStanding.TOLD_AFTER)
    last = decide(ParentStanding.NOT_TOLD, ground=Ground.RISK, reference="Strategy meeting of 20 November")
    assert standing(world)[0] is ParentStanding.NOT_TOLD
    settle(last)
    with world.looking("ira") as work:
        (view,) = parents.parents_of(work, world.child.id)
    states = [(one.standing, one.state) for one in view.on(Matter.MEETINGS).decisions]
    assert states == [
        (ParentStanding.NOT_TOLD, State.CONFIRMED),
        (ParentStanding.TOLD_AFTER, State.REPLACED),
        (ParentStanding.INVITED, State.CONFIRMED),
    ]


def test_after_the_last_day_nothing_is_told(
    world: World, decide: Callable[..., str], settle: Callable[..., None]
) -> None:
    settle(decide(ParentStanding.INVITED, until=date(2026, 12, 4)))
    with world.looking("sam") as work:
        kept = parents.standings.of_child(work.connection, world.child.id, Matter.MEETINGS)["pat"]
    assert (kept.on(date(2026, 12, 4)), kept.on(date(2026, 12, 5))) == (ParentStanding.INVITED, ParentStanding.NOT_TOLD)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("until", {"until": date(2026, 11, 22)}),
        ("reference", {"ground": Ground.COURT_ORDER}),
        ("reference", {"ground": Ground.RISK, "reference": " "}),
    ],
)
def test_a_decision_names_its_order_and_ends_in_the_future(
    decide: Callable[..., str], field: str, given: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        decide(ParentStanding.NOT_TOLD, **given)
    assert list(refused.value.errors) == [field]


def test_only_social_care_decides_and_only_about_parents_on_the_team(world: World, decide: Callable[..., str]) -> None:
    with pytest.raises(Denied):
        decide(ParentStanding.INVITED, who="dee")
    with world.acting("sam") as work, pytest.raises(NoSuchRecord):
        parents.decide_for_parent(work, world.child.id, "cal", ParentStanding.INVITED, Ground.AGREED)


def test_the_school_sees_what_a_parent_is_told_and_not_why(
    world: World, decide: Callable[..., str], settle: Callable[..., None]
) -> None:
    settle(decide(ParentStanding.TOLD_AFTER, ground=Ground.RISK, reference="Police log 77"))
    path = f"/children/{world.child.id}"
    for who, sees in (("sam", True), ("dee", False)):
        page = world.client(who).get(f"{path}/parents").text
        check_page(page)
        assert "Told after a meeting was held" in page
        assert ("Police log 77" in page) is sees
        assert "Told after a meeting was held" in world.client(who).get(f"{path}/team").text
    assert world.client("cal").get(f"{path}/parents").status_code == 403
    assert "Told after" not in world.client("cal").get(f"{path}/team").text


def test_the_second_person_finds_it_on_their_list_and_confirms_it_in_the_pages(world: World) -> None:
    path = f"/children/{world.child.id}/parents"
    form = check_page(world.client("sam").get(f"{path}/pat"))
    assert "Pat Bright" in form
    empty = world.client("sam").post(f"{path}/pat", data={})
    assert empty.status_code == 422
    check_page(empty)
    sent = world.client("sam").post(f"{path}/pat", data={"standing": "invited", "ground": "agreed"})
    assert sent.status_code == 303, sent.text
    assert "what a parent of" not in world.client("sam").get("/").text
    assert "what a parent of" in world.client("ira").get("/").text
    page = world.client("ira").get(path).text
    check_page(page)
    confirm = re.search(r'action="([^"]*/confirmation)"', page)
    assert confirm is not None
    assert 'confirmation"' not in world.client("sam").get(path).text
    assert world.client("ira").post(confirm[1]).status_code == 303
    assert standing(world)[0] is ParentStanding.INVITED


def test_a_decision_of_another_child_is_not_settled_from_here(world: World, decide: Callable[..., str]) -> None:
    decision = decide(ParentStanding.INVITED)
    other = replace(world.child, id="another", reference="X2")
    with world.runtime.database("pep").writing() as connection:
        parents.children_store.add(connection, [other])
    answer = world.client("ira").post(f"/children/another/parents/decisions/{decision}/confirmation")
    assert answer.status_code == 404
