"""How long records are kept, what stops them from being erased, and who decides: two people, and no clock by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest
from flask.testing import FlaskClient

from services.pep.adapters import children_store, retention_store
from services.pep.application import children, retention
from services.pep.domain.children import Child
from services.pep.domain.policy import UnreadablePolicy, read_policy
from services.pep.domain.retention import Ends, KeepingRule, RequestState, keeping
from shared.contracts.pep import ChildLeftCare, RecordErased
from shared.kernel.errors import Conflict, Denied, InvalidInput
from shared.testing.pages import check_page
from tests.pep.child_world import Pep

RULE = KeepingRule(date(2011, 4, 1), 75, 15, "regulation 50")
THE_DAY = datetime(2090, 3, 9, 10, tzinfo=UTC)


@pytest.fixture
def child(pep: Pep, make_child: Callable[..., Child]) -> Child:
    """A child who left care long ago and was born on 9 March 2015."""
    made = make_child(left_care_on=date(2026, 11, 20))
    with pep.runtime.database("pep").writing() as connection:
        children_store.add(connection, [made])
    return made


def press(client: FlaskClient, page: str, path: str, **fields: str) -> int:
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get(page).text)
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **fields}).status_code


@pytest.mark.parametrize(
    ("born_on", "died_on", "due_on", "ends"),
    [
        (date(2015, 3, 9), None, date(2090, 3, 9), Ends.BIRTHDAY),
        (date(2015, 3, 9), date(2027, 5, 1), date(2042, 5, 1), Ends.DEATH),
        (date(2015, 3, 9), date(2033, 3, 8), date(2048, 3, 8), Ends.DEATH),  # the day before turning 18
        (date(2015, 3, 9), date(2033, 3, 9), date(2090, 3, 9), Ends.BIRTHDAY),
        (date(2016, 2, 29), None, date(2091, 3, 1), Ends.BIRTHDAY),
        (date(2012, 1, 1), date(2024, 2, 29), date(2039, 3, 1), Ends.DEATH),
    ],
)
def test_a_record_is_kept_until_the_75th_birthday_or_15_years_after_a_death_under_18(
    born_on: date, died_on: date | None, due_on: date, ends: Ends
) -> None:
    kept = keeping(born_on, died_on, RULE)
    assert (kept.due_on, kept.ends) == (due_on, ends)


def test_an_authority_may_keep_records_longer_and_never_shorter() -> None:
    assert keeping(date(2015, 3, 9), None, KeepingRule(date(2011, 4, 1), 100, 15, "")).due_on == date(2115, 3, 9)
    data = json.loads(files("services.pep").joinpath("policies/default.json").read_text())
    data["keeping"][0]["until_birthday"] = 25
    with pytest.raises(UnreadablePolicy, match="75th birthday"):
        read_policy(data)
    data["keeping"] = [RULE_2030, {**RULE_2030, "effective_from": "2011-04-01", "until_birthday": 75}]
    policy = read_policy(data)
    assert [policy.keeping_at(date(year, 1, 1)).until_birthday for year in (2000, 2029, 2030)] == [75, 75, 100]


RULE_2030 = {"effective_from": "2030-01-01", "until_birthday": 100, "years_after_death": 15, "source": "ours"}


def test_nothing_is_erased_before_its_time_whoever_asks(pep: Pep, child: Child) -> None:
    pep.set_clock(datetime(2090, 3, 8, 12, tzinfo=UTC))
    with pytest.raises(Conflict, match="has to be kept"), pep.as_("head") as work:
        retention.ask_for_erasure(work, child.id)
    with pep.reading_as("head") as work:
        assert retention.records(work).due == ()


def test_one_person_asks_and_a_second_one_approves(pep: Pep, child: Child) -> None:
    pep.set_clock(THE_DAY)
    with pep.as_("head") as work:
        request = retention.ask_for_erasure(work, child.id)
    with pytest.raises(Conflict, match="already"), pep.as_("head") as work:
        retention.ask_for_erasure(work, child.id)
    with pytest.raises(Conflict, match="second person"), pep.as_("head") as work:
        retention.approve_erasure(work, request.id)
    with pytest.raises(Denied), pep.as_("worker") as work:
        retention.records(work)
    with pep.as_("manager") as work:
        retention.approve_erasure(work, request.id)
    (fact,) = pep.facts(RecordErased)
    assert (fact.child_id, fact.rule, fact.due_on) == (child.id, "birthday", date(2090, 3, 9))
    assert (fact.asked_by, fact.approved_by) == ("head", "manager")
    with pep.reading_as("head") as work:
        found = retention.records(work)
        assert (found.due, [stone.child_id for stone in found.erased]) == ((), [child.id])
        assert found.erased[0].mark == retention.mark_of(work.settings, "northmoor", child.reference)


def test_a_request_can_be_refused_or_withdrawn_and_asked_again(pep: Pep, child: Child) -> None:
    pep.set_clock(THE_DAY)
    for who, state in (("manager", RequestState.REFUSED), ("head", RequestState.WITHDRAWN)):
        with pep.as_("head") as work:
            request = retention.ask_for_erasure(work, child.id)
        with pep.as_(who) as work:
            retention.settle_request(work, request.id, state)
        with pytest.raises(Conflict, match="settled"), pep.as_("manager") as work:
            retention.approve_erasure(work, request.id)
    with pep.as_("head") as work:
        request = retention.ask_for_erasure(work, child.id)
    with pytest.raises(Conflict, match="Somebody else"), pep.as_("manager") as work:
        retention.settle_request(work, request.id, RequestState.WITHDRAWN)


@pytest.mark.parametrize("whose", ["this child", "everybody"])
def test_a_hold_stops_what_was_already_asked_for_until_it_is_lifted(pep: Pep, child: Child, whose: str) -> None:
    pep.set_clock(THE_DAY)
    with pep.as_("head") as work:
        request = retention.ask_for_erasure(work, child.id)
        hold = retention.place_hold(work, child.id if whose == "this child" else None, "Inquiry 12/2089")
    with pytest.raises(Conflict, match="legal hold"), pep.as_("manager") as work:
        retention.approve_erasure(work, request.id)
    with pytest.raises(InvalidInput), pep.as_("head") as work:
        retention.lift_hold(work, hold.id, " ")
    with pep.as_("head") as work:
        retention.lift_hold(work, hold.id, "The inquiry is over")
    with pytest.raises(Conflict, match="lifted already"), pep.as_("head") as work:
        retention.lift_hold(work, hold.id, "Again")
    with pep.as_("manager") as work:
        retention.approve_erasure(work, request.id)


def test_a_hold_on_another_child_stops_nothing_here(pep: Pep, child: Child, make_child: Callable[..., Child]) -> None:
    pep.set_clock(THE_DAY)
    with pep.runtime.database("pep").writing() as connection:
        children_store.add(connection, [make_child(id="c2", reference="100002")])
    with pep.as_("head") as work:
        retention.place_hold(work, "c2", "A claim")
        request = retention.ask_for_erasure(work, child.id)
    with pep.as_("manager") as work:
        retention.approve_erasure(work, request.id)


def test_a_death_ends_care_and_the_others_hear_only_that_care_ended(pep: Pep, make_child: Callable[..., Child]) -> None:
    with pep.runtime.database("pep").writing() as connection:
        children_store.add(connection, [make_child()])
    with pytest.raises(InvalidInput, match="Check"), pep.as_("head") as work:
        retention.record_death(work, "c1", 1, date(2026, 11, 24))
    with pep.as_("head") as work:
        saved = retention.record_death(work, "c1", 1, date(2026, 11, 22))
        kept = retention.keeping_of(work, saved)
    assert (saved.left_care_on, kept.due_on) == (date(2026, 11, 22), date(2041, 11, 22))
    (fact,) = pep.facts(ChildLeftCare)
    assert fact == ChildLeftCare("c1", date(2026, 11, 22))
    with pep.as_("head") as work:
        corrected = retention.record_death(work, "c1", saved.version, date(2026, 11, 21))
        back = retention.take_back_death(work, "c1", corrected.version)
        assert (back.died_on, retention.keeping_of(work, back).ends) == (None, Ends.BIRTHDAY)
        with pytest.raises(Conflict):
            retention.take_back_death(work, "c1", back.version)


def test_the_head_sees_what_is_due_and_two_people_erase_it_on_the_pages(pep: Pep, child: Child) -> None:
    pep.set_clock(THE_DAY)
    head, manager = pep.client("head"), pep.client("manager")
    due = head.get("/records").text
    check_page(due)
    assert "9 March 2090" in due
    assert "Amara Bright" in due
    assert press(head, "/records", f"/children/{child.id}/erasure") == 303
    seen = manager.get("/records").text
    check_page(seen)
    assert "100001" in seen
    assert "Amara Bright" not in seen  # a team manager learns no name of a child beyond their own teams
    assert "Approve or refuse that record 100001 is erased" in manager.get("/").text
    assert "Approve or refuse" not in head.get("/").text
    with pep.reading_as("head") as work:
        (request,) = retention_store.waiting_requests(work.connection).values()
    assert press(manager, "/records", f"/records/erasures/{request.id}/approval") == 303
    after = head.get("/records").text
    check_page(after)
    assert "Amara Bright" not in after
    assert "100001" not in after
    assert "Ruth Calder, Priya Lowe" in after
    assert "Meetings: not yet heard" in after
    assert head.get(f"/children/{child.id}").status_code == 404


def test_holds_and_deaths_are_put_down_on_pages_that_keep_what_was_typed(pep: Pep, child: Child) -> None:
    head = pep.client("head")
    for path in (f"/children/{child.id}/hold", "/records/hold", f"/children/{child.id}/death"):
        page = head.get(path)
        check_page(page.text)
    assert press(head, "/records/hold", "/records/hold", reason="") == 422
    assert press(head, "/records/hold", f"/children/{child.id}/hold", reason="A claim for damages") == 303
    shown = head.get(f"/children/{child.id}").text
    check_page(shown)
    assert "A claim for damages" in shown
    assert "9 March 2090 (the 75th birthday)" in shown
    listed = head.get("/records").text
    lift = re.search(r'href="(/records/holds/[^"]+)"', listed)
    assert lift is not None
    check_page(head.get(lift[1]).text)
    assert press(head, lift[1], lift[1], why="") == 422
    assert press(head, lift[1], lift[1], why="It was settled") == 303
    check_page(head.get(lift[1]).text)
    day = {"died_on-day": "21", "died_on-month": "11", "died_on-year": "2026", "version": "1"}
    assert press(head, "/records/hold", f"/children/{child.id}/death", **day) == 303
    told = head.get(f"/children/{child.id}").text
    check_page(told)
    assert "Amara died on Saturday 21 November 2026" in told
    assert "21 November 2041 (15 years after the death of a child under 18)" in told
    assert press(head, f"/children/{child.id}/death", f"/children/{child.id}/death/removal", version="2") == 303
    with pep.reading_as("head") as work:
        assert children.child_record(work, child.id).died_on is None
