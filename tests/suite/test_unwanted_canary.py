"""Whom a child does not want at their meetings reaches social care of the team and the child, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application import meetings, unwanted
from services.scheduling.application.lookup import find_meeting
from shared.contracts.permissions import PERMISSIONS, SOCIAL_CARE
from shared.contracts.roles import Role
from shared.platform.db import Database
from tests.suite.access_world import AccessWorld, undone
from tests.suite.canary_world import Given, deliver, feeds_of, given, mails, overhearing, public_pages
from tests.suite.test_the_whole_matrix import ask, routes_of

NAME, WHY, OWN_WHY, REASON = "Quibblesnatch", "Frimblewort", "Glumphroot", "Snorkbabble"
WORDS = (NAME, WHY, OWN_WHY, REASON)
RECORD = {"scheduling.record.read", "scheduling.record.prepare", "scheduling.record.export"}
"""The rows of the copy of the whole record, which social care and the Virtual School head prepare."""

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, told: list[str]) -> Iterator[AccessWorld]:
    made = AccessWorld(tmp_path_factory.mktemp("unwanted"))
    ours = made.things["ours"]
    with overhearing() as heard:
        with made.acting(SCHEDULING, "our-child") as work:
            unwanted.say_unwanted(work, ours["child_id"], "", NAME, WHY)
            unwanted.say_unwanted(work, ours["child_id"], "our-carer", "", WHY)
            unwanted.say_unwanted(work, ours["child_id"], "our-social_worker", "", OWN_WHY)
        with made.acting(SCHEDULING, "our-team_manager") as work:
            meeting = find_meeting(work, ours["meeting_id"])
            assert meeting.booking is not None
            wanted = {each.person_id: each.required for each in meeting.invitees}
            wish = meetings.Wish(replace(meeting.booking, place="Elsewhere"), wanted, nevertheless=REASON)
            meetings.move(work, meeting.id, wish, meeting.version)
        deliver(made)
    told.extend(heard)
    yield made
    made.runtime.close()


def reached(world: AccessWorld, person: str) -> list[Given]:
    """Return whatever of the service holds one of the words, as somebody is given it."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", undone)
        for route in routes_of("scheduling", world.apps["scheduling"]):
            answer = ask(world.client("scheduling", person), world, route, "ours")
            found.append(given(route.action, str(route), answer))
    return [one for one in found if any(word in one.text for word in WORDS)]


@pytest.mark.parametrize("role", list(Role))
def test_the_words_reach_social_care_and_the_child_alone(world: AccessWorld, role: Role) -> None:
    found = reached(world, f"our-{role.value}")
    if role in SOCIAL_CARE | {Role.CHILD}:
        assert any(one.row == unwanted.READ for one in found)
        return
    may_prepare = role in PERMISSIONS["scheduling.record.prepare"].authority
    assert {one.row for one in found} <= (RECORD if may_prepare else set())


def test_the_social_worker_never_reads_what_is_about_themself(world: AccessWorld) -> None:
    mine, managers = (reached(world, f"our-{who}") for who in ("social_worker", "team_manager"))
    assert [one.where for one in mine if OWN_WHY in one.text] == []
    assert {one.row for one in managers if OWN_WHY in one.text} >= {unwanted.READ}


def test_it_travels_in_no_fact_mail_feed_or_page_without_sign_in(world: AccessWorld, told: list[str]) -> None:
    assert told
    given_out = [one.text for _, one in mails(world)] + [one.text for one in public_pages(world)]
    given_out += [one.text for role in Role for one in feeds_of(world, role)] + told
    assert len(given_out) > 50
    assert [text for text in given_out if any(word in text for word in WORDS)] == []
