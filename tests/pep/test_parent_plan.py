"""The approved plan as a parent reads it: as far as two people decided, and without what leads to anybody's door."""

from __future__ import annotations

import re

import pytest

from services.pep.application import links, parents, sections, targets
from services.pep.domain.links import Over, Purpose
from services.pep.domain.parent_plan import Sieve, names_to_keep_back
from services.pep.domain.parents import Ground
from services.pep.domain.plan import Plan
from services.pep.domain.targets import Category
from shared.contracts.parents import Matter, ParentStanding
from shared.kernel.errors import InvalidInput
from shared.testing.pages import check_page
from tests.pep.link_world import sent_to
from tests.pep.plan_world import World


@pytest.fixture
def plan(world: World) -> Plan:
    world.app.extensions.pop("suite_limits", None)
    return world.approved()


def tell(world: World, standing: ParentStanding = ParentStanding.TOLD, *, confirmed: bool = True) -> None:
    with world.acting("sam") as work:
        decision = parents.decide_for_parent(work, world.child.id, "pat", standing, Ground.AGREED, matter=Matter.PLAN)
    if confirmed:
        with world.acting("ira") as work:
            parents.settle_decision(work, world.child.id, decision.id, confirmed=True)


def test_a_parent_reads_the_approved_plan_once_a_second_person_has_confirmed_it(world: World, plan: Plan) -> None:
    address = f"/plans/{plan.id}/for-parents"
    assert world.client("pat").get(address).status_code == 403
    tell(world, confirmed=False)
    assert world.client("pat").get(address).status_code == 403
    waiting = world.client("ira").get(f"/children/{world.child.id}/parents")
    confirm = re.search(r'action="([^"]*/confirmation)"', waiting.text)
    assert "Reads the approved plan" in check_page(waiting)
    assert confirm is not None
    assert world.client("ira").post(confirm[1]).status_code == 303
    assert world.client("pat").get(address).status_code == 200


def test_a_told_parent_reads_targets_and_progress_and_no_more(world: World, plan: Plan) -> None:
    tell(world)
    page = world.client("pat").get(f"/plans/{plan.id}/for-parents")
    words = check_page(page)
    assert "Read a chapter book alone" in words
    assert "Progress and achievements" in words
    for hidden in (
        "Cal Winter",
        "Dee Larkin",
        "Who does the child live with",
        "What the carer says",
        "History",
        "£250",
    ):
        assert hidden not in page.text
    assert "education plan, autumn term 2026" in check_page(world.client("pat").get(f"/children/{world.child.id}"))
    for who in ("cal", "kid", "dee"):
        assert world.client(who).get(f"/plans/{plan.id}/for-parents").status_code == 403
    assert world.client("pat").get(f"/plans/{plan.id}").status_code == 403


def test_a_text_that_tells_where_or_with_whom_is_absent(world: World, plan: Plan) -> None:
    tell(world)
    before = check_page(world.client("pat").get(f"/plans/{plan.id}/for-parents"))
    assert "English now Some words" in before
    for leak in ("Collected from 14 Badger Lane", "Ring 01632 960 961", "Lives at NE1 7RU", "Winter reads with her"):
        with world.acting("dee") as work:
            page = sections.read_section(work, plan.id, "progress")
            answers = {**page.answers, "english_now": leak}
            raw = {key: "" if value is None else str(value) for key, value in answers.items()}
            sections.save_section(work, plan.id, "progress", raw, page.version, "A better word")
        text = world.client("pat").get(f"/plans/{plan.id}/for-parents").text
        assert leak not in text
        assert "English now" not in text
    with world.acting("dee") as work:
        more = targets.TargetWords(Category.ACADEMIC, "Cal hears her read", "Daily", "Dee", plan.due_on, "Daily", 0)
        targets.add_target(work, plan.id, more)
    assert "hears her read" not in world.client("pat").get(f"/plans/{plan.id}/for-parents").text


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Reads well and likes fractions", True),
        ("Scored 104 in reading, 98 in maths", True),
        ("Goes to Oakfield Academy by bus", False),
        ("Lives with the Winters", True),
        ("Ms Winter helps", False),
        ("m1 1ae", False),
        ("mail jo@example.org", False),
        ("+44 7700 900123", False),
        ("3 Mill Race Close", False),
    ],
)
def test_the_sieve_keeps_names_and_addresses_back(text: str, passes: bool) -> None:
    sieve = Sieve(names_to_keep_back(["Cal Winter"], ["Oakfield Academy"]))
    assert sieve.lets_through(text) is passes


def test_a_parent_reads_it_by_a_link_until_their_standing_is_lowered(world: World, plan: Plan) -> None:
    with world.acting("sam") as work, pytest.raises(InvalidInput, match="Check"):
        links.send_link(work, plan.id, Purpose.PARENT_PLAN, "pat")
    tell(world)
    preview = world.client("sam").get(f"/plans/{plan.id}/for-parents")
    assert "Send a link to Pat Bright" in check_page(preview)
    pat = sent_to(world, plan, Purpose.PARENT_PLAN, "pat").go_in()
    words = check_page(pat.get("/page"))
    assert "Amara’s education plan" in words
    assert "Read a chapter book alone" in words
    assert pat.post("/page", "/page", text="A word").status_code == 409
    tell(world, ParentStanding.NOT_TOLD, confirmed=False)
    assert pat.get("/page").status_code == 404
    assert pat.get().status_code == 404
    with world.looking("sam") as work:
        assert [one.over for one in links.links_of(work, plan.id).links] == [Over.NOT_TOLD]


def test_nothing_is_shown_before_the_approval(world: World) -> None:
    plan = world.open()
    tell(world)
    for who in ("pat", "sam"):
        assert world.client(who).get(f"/plans/{plan.id}/for-parents").status_code == 409
