"""Opening a record in an emergency, in the three services: for whom, for how long, who is told, who reviews it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from services.pep.application import emergencies
from services.pep.domain.emergencies import NO_MATCH
from services.scheduling.adapters.tables_mail import mail_out
from shared.contracts.emergency import LASTS
from shared.contracts.permissions import PERMISSIONS, Deed, deed
from shared.kernel.clock import FixedClock
from shared.platform import audit
from shared.platform.audit import Asked
from shared.platform.emergencies import OPENING
from shared.platform.inbox_tables import EVENT
from shared.platform.settings import SERVICES
from shared.platform.trail import Kind
from shared.testing.pages import check_page
from shared.testing.runtimes import MONDAY_MORNING
from tests.suite.access_world import PEP, AccessWorld

SAID = {"identifier": "700001", "born_on": "2014-03-09", "reason": "risk", "happened": "The police rang just now."}
WORKER = "our-social_worker"
REVIEWER = "their-team_manager"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    made = AccessWorld(tmp_path_factory.mktemp("emergencies"))
    for service in SERVICES:
        with made.runtime.database(service).writing() as connection:
            connection.execute(delete(EVENT))  # what got stuck belongs to other tests
    yield made
    made.runtime.close()


@pytest.fixture
def world(whole: AccessWorld) -> Iterator[AccessWorld]:
    """The world as it was made: what a test opened is closed, and the clock is where it stood."""
    yield whole
    clock_of(whole).set(MONDAY_MORNING)
    for service in SERVICES:
        with whole.runtime.database(service).writing() as connection:
            connection.execute(update(OPENING).values(until=OPENING.c.opened_at))


def typed(**changed: str) -> dict[str, str]:
    said = SAID | changed
    year, month, day = said.pop("born_on").split("-")
    return said | {"born_on-day": day, "born_on-month": month, "born_on-year": year}


def ask(world: AccessWorld, person: str = WORKER, **changed: str) -> TestResponse:
    answer = world.client("pep", person).post("/emergency", data=typed(**changed))
    world.deliver()
    return answer


def pages_of(world: AccessWorld, child: str = "theirs") -> dict[str, list[str]]:
    things = world.things[child]
    return {
        "pep": [f"/children/{things['child_id']}", f"/plans/{things['plan_id']}", f"/plans/{things['plan_id']}/views"],
        "scheduling": [f"/meetings/{things['meeting_id']}"],
        "virtual_school": [f"/children/{things['child_id']}", f"/plans/{things['plan_id']}"],
    }


def statuses(world: AccessWorld, person: str = WORKER) -> set[int]:
    return {
        world.client(service, person).get(path).status_code
        for service, paths in pages_of(world).items()
        for path in paths
    }


def later(world: AccessWorld, by: timedelta) -> None:
    clock_of(world).set(world.runtime.clock.now() + by)


def clock_of(world: AccessWorld) -> FixedClock:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    return clock


def test_only_reading_is_ever_for_emergencies() -> None:
    assert {deed(action) for action, row in PERMISSIONS.items() if row.emergency} == {Deed.READ}


def test_a_record_is_open_for_an_hour_in_the_three_services_under_a_banner(world: AccessWorld) -> None:
    assert statuses(world) == {404}
    refused = world.client("pep", WORKER).get(pages_of(world)["pep"][0])
    check_page(refused)
    assert refused.status_code == 404
    assert "/emergency" in refused.text
    check_page(world.client("pep", WORKER).get("/emergency"))
    assert ask(world).location == pages_of(world)["pep"][0]
    assert statuses(world) == {200}
    for service, paths in pages_of(world).items():
        for path in paths:
            page = check_page(world.client(service, WORKER).get(path))
            assert "Our Social Worker may read this record until 10am" in page
            assert "Close the record now" in page
    own = world.client("pep", WORKER).get(f"/children/{world.things['ours']['child_id']}")
    assert "Opened in an emergency" not in own.text
    later(world, LASTS - timedelta(seconds=1))
    assert statuses(world) == {200}
    later(world, timedelta(seconds=1))
    assert statuses(world) == {404}


def test_nothing_is_written_signed_or_taken_away_meanwhile(world: AccessWorld) -> None:
    ask(world)
    things = world.things["theirs"]
    pep, school = world.client("pep", WORKER), world.client("virtual_school", WORKER)
    sent: dict[str, Any] = {"json": {"answers": {}}, "headers": {"If-Match": "*"}}
    assert pep.put(f"/api/plans/{things['plan_id']}/sections/placement", **sent).status_code == 403
    assert pep.post(f"/api/plans/{things['plan_id']}/submission", json={"version": 1}).status_code == 403
    assert pep.get(f"/children/{things['child_id']}/who-looked.csv").status_code == 403
    assert pep.get(f"/children/{things['child_id']}/emergencies").status_code == 403
    assert "Child Theirs" not in school.get("/children.csv").text
    later(world, LASTS)


def test_it_can_be_closed_at_once_by_whoever_opened_it_and_nobody_else(world: AccessWorld) -> None:
    ask(world)
    page = world.client("pep", WORKER).get(pages_of(world)["pep"][0]).text
    (path,) = re.findall(r'action="(?:/pep)?(/emergency/[^"]+/end)"', page)
    assert world.client("pep", "hasty-iro").post(path).status_code == 404
    assert statuses(world) == {200}
    assert world.client("pep", WORKER).post(path).status_code == 303
    world.deliver()
    assert statuses(world) == {404}
    assert world.client("pep", WORKER).post(path).status_code == 303


@pytest.mark.parametrize("wrong", [{"identifier": "999999"}, {"born_on": "2014-03-10"}])
def test_without_both_nobody_learns_whether_a_child_is_known(world: AccessWorld, wrong: dict[str, str]) -> None:
    answer = ask(world, **wrong)
    assert answer.status_code == 422
    check_page(answer)
    assert "No record has this reference or UPN with this date of birth" in answer.text
    with world.runtime.database("pep").reading() as connection:
        table = audit.ENTRY
        query = select(table.c.why).where(table.c.action == "pep.emergency.open", table.c.kind == Kind.DENIAL)
        assert connection.execute(query).scalars().all()[-1] == "The child may be at risk of harm now"


def test_without_a_reason_the_answer_is_the_same_for_a_child_there_is_and_one_there_is_not(world: AccessWorld) -> None:
    answers = [ask(world, happened="", identifier=one, person="our-iro") for one in ("700001", "123456")]
    texts = [re.sub(r'value="(700001|123456|[\w.-]{12,})"|nonce="[^"]*"', "", one.text) for one in answers]
    assert [one.status_code for one in answers] == [422, 422]
    assert texts[0] == texts[1]


def test_neither_school_nor_family_nor_another_authority_may(world: AccessWorld) -> None:
    for person in ("our-designated_teacher", "our-carer", "our-parent", "our-child", "our-advocate"):
        assert ask(world, person).status_code == 403
        assert world.client("pep", person).get("/emergency").status_code == 403
    before = openings(world)
    assert NO_MATCH in unescape(ask(world, "far-iro").text)
    assert openings(world) == before


def test_whoever_is_on_the_team_opens_nothing(world: AccessWorld) -> None:
    before = openings(world)
    assert ask(world, identifier="700000").status_code == 303
    assert openings(world) == before


def test_the_head_and_the_social_worker_are_told_by_mail_which_names_no_child(world: AccessWorld) -> None:
    before = notices(world)
    ask(world)
    new = [mail for mail in notices(world) if mail not in before]
    assert sorted(mail.recipient for mail in new) == [
        "our-virtual_school_head@people.example",
        "their-social_worker@people.example",
        "their-virtual_school_head@people.example",
    ]
    for mail in new:
        text = mail.raw.replace("=\r\n", "")
        assert "Child Theirs" not in text
        assert "700001" not in text
        assert "Our Social Worker" not in text
        assert "opened in an emergency on Monday 23 November 2026" in text
    later(world, LASTS)


def test_what_was_looked_at_is_kept_with_the_reason(world: AccessWorld) -> None:
    ask(world)
    things = world.things["theirs"]
    for service, paths in pages_of(world).items():
        assert world.client(service, WORKER).get(paths[0]).status_code == 200
        with world.runtime.database(service).reading() as connection:
            entries, _ = audit.of_child(connection, Asked(things["child_id"], WORKER), limit=50)
        last = max(entries, key=lambda one: one.id)
        assert last.kind is Kind.VIEW
        assert last.why.startswith("The child may be at risk of harm now (emergency opening ")
    with world.runtime.database("pep").reading() as connection:
        entries, _ = audit.of_child(connection, Asked(things["child_id"], WORKER), limit=50)
    assert Kind.BREAK_GLASS in {one.kind for one in entries}
    seen = check_page(world.client("pep", "their-social_worker").get(f"/children/{things['child_id']}/who-looked"))
    assert "Opened it in an emergency" in seen
    assert "The child may be at risk of harm now" in seen
    later(world, LASTS)


def test_somebody_else_reviews_it_and_until_then_it_is_on_their_lists(world: AccessWorld) -> None:
    ask(world)
    child_id = world.things["theirs"]["child_id"]
    path = f"/children/{child_id}/emergencies"
    for person, verb in ((REVIEWER, "Review"), ("our-virtual_school_head", "Review"), ("their-social_worker", "Read")):
        assert f"{verb} why Child’s record was opened" in check_page(world.client("pep", person).get("/"))
    queue = check_page(world.client("pep", REVIEWER).get("/emergencies"))
    assert "Our Social Worker" in queue
    assert check_page(world.client("pep", "our-team_manager").get("/emergencies")).count("Child Theirs") == 0
    with world.acting(PEP, REVIEWER) as work:
        (mine,) = [one for one in emergencies.openings_of(work, child_id) if one.account.opening.person_id == WORKER
                   and not one.account.is_reviewed and one.account.opening.is_open(work.now)]  # fmt: skip
    review = f"{path}/{mine.account.opening.id}/review"
    check_page(world.client("pep", REVIEWER).get(path))
    for unfinished in ({}, {"outcome": "breach"}):
        answer = world.client("pep", REVIEWER).post(review, data=unfinished)
        assert answer.status_code == 422
        check_page(answer)
    assert world.client("pep", "their-social_worker").post(review, data={"outcome": "right"}).status_code == 403
    done = world.client("pep", REVIEWER).post(review, data={"outcome": "breach", "remarks": "Reported to the officer."})
    assert done.status_code == 303
    world.deliver()
    assert statuses(world) == {404}
    assert "Reported to the officer." in check_page(world.client("pep", "their-social_worker").get(path))
    again = world.client("pep", "our-virtual_school_head").post(review, data={"outcome": "right"})
    assert again.status_code == 409
    check_page(again)


def test_nobody_reviews_what_they_opened_themselves(world: AccessWorld) -> None:
    ask(world, "our-team_manager")
    child_id = world.things["theirs"]["child_id"]
    with world.by_itself(PEP) as work:
        found = emergencies.openings_of(work, child_id)
    mine = next(one.account.opening for one in found if one.account.opening.person_id == "our-team_manager")
    path = f"/children/{child_id}/emergencies/{mine.id}/review"
    assert world.client("pep", "our-team_manager").post(path, data={"outcome": "right"}).status_code == 403
    later(world, LASTS)


def openings(world: AccessWorld) -> int:
    with world.runtime.database("pep").reading() as connection:
        return len(connection.execute(select(OPENING)).all())


def notices(world: AccessWorld) -> list[Any]:
    with world.runtime.database("scheduling").reading() as connection:
        query = select(mail_out.c.id, mail_out.c.recipient, mail_out.c.raw).where(mail_out.c.act == "emergency")
        return list(connection.execute(query).all())
