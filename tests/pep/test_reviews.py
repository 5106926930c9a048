"""Reviews of the care plan from the side of those who hold them: opened, asked for, held, recorded, followed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select

from services.pep.adapters import children_store, history_store, reviews_store
from services.pep.app import SPEC
from services.pep.application import (
    announcing,
    children,
    disagreements,
    review_caseload,
    review_records,
    reviews,
    visits,
    worklist,
)
from services.pep.application.children import NewChild
from services.pep.application.review_notices import tell_of_packs
from services.pep.application.visits import VisitWords
from services.pep.domain.disagreements import Stage
from services.pep.domain.review_record import ActionState
from services.pep.domain.reviews import EarlyReason, ReviewKind, ReviewState
from services.pep.domain.visits import VisitPattern
from shared.contracts.pep import ReviewDue, ReviewWithdrawn
from shared.contracts.roles import Role
from shared.contracts.scheduling import InviteeReplied, MeetingCancelled, MeetingHeld, MeetingPutBack
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Stale
from shared.platform import roster
from shared.platform.access import system_actor
from shared.platform.work import writing_work
from shared.testing.pages import check_page
from tests.pep.child_world import Pep
from tests.pep.plan_world import TODAY, World
from tests.pep.review_world import WRITTEN, agreed, arranged, at, held, newest, opened, recorded, stored

CountQueries = Callable[[Connection], Any]


def items(world: World, who: str) -> dict[str, Any]:
    """What is on somebody's list, by what it is about."""
    with world.looking(who) as work:
        return {item.key.partition("/")[0]: item for item in worklist.my_work(work)}


def steps_of(world: World) -> list[str]:
    with world.looking("sam") as work:
        return [entry.code for entry in history_store.history_of(work.connection, world.child.id)]


def test_a_child_who_enters_care_has_a_first_review_to_arrange(pep: Pep) -> None:
    with pep.as_("worker") as work:
        child = children.enter_care(work, NewChild("900900", "Amara Bright", date(2015, 3, 9), "C2", TODAY))
        (review,) = reviews_store.of_child(work.connection, child.id)
    assert (review.kind, review.state, review.rule) == (ReviewKind.FIRST, ReviewState.DUE, "first_review")


def test_a_review_that_is_due_is_told_once_and_is_on_the_officers_list(world: World) -> None:
    review = opened(world)
    assert opened(world).id == review.id
    assert world.told(ReviewDue) == [
        ReviewDue(world.child.id, review.id, "first", TODAY, date(2026, 12, 9), "first_review")
    ]
    mine = items(world, "ira")["arrange-review"]
    assert (mine.path, mine.service, mine.by) == (f"/reviews/{review.id}/meeting", "scheduling", date(2026, 12, 9))
    assert "20 working days" in mine.why
    assert "regulation 33(1)" in mine.why
    assert "review" not in items(world, "ira"), "what is asked once is not asked twice"
    assert "arrange-review" not in items(world, "sam"), "it is the officer's while there is one"


def test_scheduling_tells_when_the_review_is_and_that_it_was_put_back(world: World) -> None:
    review = opened(world)
    arranged(world, review)
    dated = stored(world, review)
    assert (dated.state, dated.meeting_on, dated.meeting_id) == (
        ReviewState.DATED, date(2026, 12, 2), "review-meeting",
    )  # fmt: skip
    reply = InviteeReplied(world.child.id, "", "review-meeting", "sam", "social_worker", True, "declined", "mail")
    world.hear(replace(reply, kind="review", review_id=review.id))
    assert {one.person_id: one.answer for one in stored(world, review).invitees}["sam"] == "declined"
    back = MeetingPutBack(world.child.id, "", "review-meeting", "social_worker", review.meet_by, "review", review.id)
    world.hear(back)
    assert stored(world, review).state is ReviewState.DUE
    arranged(world, review, date(2026, 12, 4))
    world.hear(MeetingCancelled(world.child.id, "", "review-meeting", "rearranging", "review", review.id))
    assert stored(world, review).meeting_on is None
    assert steps_of(world)[:4] == ["review_put_back", "review_arranged", "review_put_back", "review_arranged"]


def test_a_review_that_was_held_starts_the_clock_of_the_next_and_waits_for_its_record(world: World) -> None:
    review = opened(world)
    arranged(world, review)
    after = held(world, review)
    assert (after.state, after.held_on, after.attended) == (ReviewState.HELD, date(2026, 12, 2), ("ira", "sam", "kid"))
    with world.looking("ira") as work:
        assert children_store.load(work.connection, world.child.id).reviews_held == (date(2026, 12, 2),)
    to_write = items(world, "ira")["record-review"]
    assert to_write.path == f"/reviews/{review.id}/record"
    assert to_write.by == date(2026, 12, 23)
    assert "record-review" not in items(world, "sam")
    at(world, datetime(2027, 1, 25, 9, tzinfo=UTC))
    second = opened(world)
    assert (second.kind, second.meet_by) == (ReviewKind.SECOND, date(2027, 3, 2))


def test_the_officer_writes_the_record_and_amends_it_and_both_stay(world: World) -> None:
    review = recorded(world)
    assert review.state is ReviewState.RECORDED
    with world.acting("ira") as work:
        review_records.write_record(work, review.id, replace(WRITTEN, seen_alone=True), review.version)
    with world.looking("ira") as work:
        versions = reviews_store.records_of(work.connection, [review.id])[review.id]
    assert [(one.version, one.seen_alone, one.not_alone_why) for one in versions] == [
        (2, True, ""), (1, False, "Amara did not want to."),
    ]  # fmt: skip
    assert (versions[0].participation, versions[0].plan_ready) == ("PN1", False)
    assert steps_of(world)[:2] == ["review_amended", "review_written"]
    with world.acting("ira") as work, pytest.raises(Stale):
        review_records.write_record(work, review.id, WRITTEN, review.version)
    with world.acting("sam") as work, pytest.raises(Denied):
        review_records.write_record(work, review.id, WRITTEN, review.version + 1)


def test_the_form_of_the_record_holds_what_was_seen_when_the_meeting_was_recorded(world: World) -> None:
    review = opened(world)
    arranged(world, review)
    at(world, datetime(2026, 12, 3, 9, tzinfo=UTC))
    fact = MeetingHeld(world.child.id, "", "review-meeting", date(2026, 12, 2), ("ira",), kind="review")
    world.hear(replace(fact, review_id=review.id, child_attended=False, child_conveyed="advocate"))
    page = world.client("ira").get(f"/reviews/{review.id}/record").text
    assert re.search(r'name="how"[^>]*value="advocate"[^>]*checked', page)
    assert re.search(r'name="child_there"[^>]*value="no"[^>]*checked', page)


def test_a_record_may_not_give_away_where_the_child_lives(world: World) -> None:
    from services.pep.application.placement import record_placement
    from suite.demo.cast import NewPlacement

    home = NewPlacement(date(2026, 11, 11), "12 Rowan Close", "NM1 1XZ", "cal", "Cal Winter", "01632 960123")
    with world.acting("sam") as work:
        record_placement(work, world.child.id, home, 0)
    review = recorded(world)
    with world.acting("ira") as work, pytest.raises(InvalidInput) as refused:
        decisions = ("She stays at 12 Rowan Close.",)
        review_records.write_record(work, review.id, replace(WRITTEN, decisions=decisions), review.version)
    assert list(refused.value.errors) == ["decisions"]


def test_what_was_agreed_is_on_the_owners_list_and_on_the_plan_until_it_is_done(world: World) -> None:
    plan = world.open()
    review = recorded(world)
    action = agreed(world, review)
    private = agreed(world, review, "sam", for_plan=False)
    mine = items(world, "dee")["action"]
    assert (mine.path, mine.by) == (f"/review-actions/{action.id}", date(2026, 12, 18))
    on_plan = check_page(world.client("dee").get(f"/plans/{plan.id}"))
    assert on_plan.count("Find a reading tutor for Amara") == 1, "what is not about education stays off the plan"
    with world.acting("dee") as work:
        with pytest.raises(Denied):
            review_records.settle_action(work, private.id, done=True, outcome="", seen_version=1)
        done = review_records.settle_action(work, action.id, done=True, outcome="", seen_version=1)
    assert (done.state, done.settled_by_name) == (ActionState.DONE, "Dee Larkin")
    assert "action" not in items(world, "dee")
    assert "Done" in check_page(world.client("dee").get(f"/plans/{plan.id}"))
    with world.acting("cal") as work, pytest.raises((Denied, NotFound)):
        review_records.read_action(work, private.id)


def test_the_officer_is_told_what_is_late_and_why_it_was_not_done(world: World) -> None:
    review = recorded(world)
    action = agreed(world, review)
    at(world, datetime(2026, 12, 21, 9, tzinfo=UTC))
    assert "1 late" in items(world, "ira")["late-actions"].what
    with world.acting("dee") as work:
        with pytest.raises(InvalidInput):
            review_records.settle_action(work, action.id, done=False, outcome="", seen_version=1)
        review_records.settle_action(work, action.id, done=False, outcome="No tutor was free.", seen_version=1)
    assert "late-actions" not in items(world, "ira")
    assert "No tutor was free." in check_page(world.client("ira").get(f"/children/{world.child.id}/reviews"))


def test_the_successor_in_a_role_finds_what_was_agreed(world: World) -> None:
    from services.pep.application import team

    review = recorded(world)
    agreed(world, review, "sam")
    with world.acting("sam") as work:
        place = next(
            one for one in roster.team(work.connection, world.child.id, work.today) if one.role is Role.SOCIAL_WORKER
        )
        team.change_worker(work, place.id, "new", work.today)
    at(world, datetime(2026, 12, 7, 9, tzinfo=UTC))
    with world.looking("new") as work:
        assert "action" in {item.key.partition("/")[0] for item in worklist.my_work(work)}


def test_the_plan_is_asked_for_before_the_review_and_the_officer_is_warned(world: World) -> None:
    plan = world.open()
    review = opened(world)
    arranged(world, review)
    assert "plan-for-review" not in items(world, "dee")
    at(world, datetime(2026, 11, 24, 9, tzinfo=UTC))
    asked = items(world, "dee")["plan-for-review"]
    assert (asked.by, asked.path) == (date(2026, 11, 27), f"/plans/{plan.id}")
    assert "plan-for-review" in items(world, "sam")
    assert "no-plan-for-review" not in items(world, "ira")
    at(world, datetime(2026, 11, 27, 9, tzinfo=UTC))
    assert items(world, "ira")["no-plan-for-review"].by == date(2026, 12, 2)
    world.fill_in(plan)
    world.arrange(plan)
    world.hold(plan)
    world.submit(plan)
    for who in ("dee", "sam", "ira"):
        assert not {"plan-for-review", "no-plan-for-review"} & set(items(world, who))


@pytest.mark.parametrize("who", ["kid", "pat", "sam", "ira", "cal"])
def test_those_round_the_child_may_ask_for_an_early_review(world: World, who: str) -> None:
    with world.acting(who) as work:
        reason = reviews.reasons_to_ask(work, world.child.id)[0]
        review = reviews.ask_early(work, world.child.id, reason, date(2026, 12, 1))
    assert (review.kind, review.meet_by, review.asked_by) == (ReviewKind.EARLY, date(2026, 12, 1), who)
    assert world.told(ReviewDue)[0].kind == "early"
    with world.acting("sam") as work, pytest.raises(Conflict) as refused:
        reviews.ask_early(work, world.child.id, EarlyReason.WORKER, date(2026, 12, 1))
    assert refused.value.code == "review_open"


def test_a_family_cannot_say_that_the_officer_asked(world: World) -> None:
    with world.acting("kid") as work, pytest.raises(InvalidInput):
        reviews.ask_early(work, world.child.id, EarlyReason.OFFICER, date(2026, 12, 1))
    with world.acting("dee") as work, pytest.raises(Denied):
        reviews.ask_early(work, world.child.id, EarlyReason.WORKER, date(2026, 12, 1))


def test_a_review_that_was_asked_for_is_taken_off_with_a_reason_and_the_due_one_comes_back(world: World) -> None:
    with world.acting("kid") as work:
        review = reviews.ask_early(work, world.child.id, EarlyReason.CHILD, date(2026, 12, 1))
    with world.acting("ira") as work:
        reviews.withdraw_review(work, review.id, "Amara and I spoke about it.", review.version)
    assert world.told(ReviewWithdrawn) == [ReviewWithdrawn(world.child.id, review.id, "not_needed")]
    assert opened(world).kind is ReviewKind.FIRST


def test_a_review_held_without_the_suite_closes_the_one_that_was_due(world: World) -> None:
    review = opened(world)
    with world.acting("ira") as work:
        child = children_store.load(work.connection, world.child.id)
        children.record_review(work, child.id, child.version, date(2026, 11, 20))
    assert stored(world, review).held_on == date(2026, 11, 20)
    assert world.told(ReviewWithdrawn) == [ReviewWithdrawn(world.child.id, review.id, "held_elsewhere")]


def test_what_was_to_come_is_closed_when_the_child_leaves_care(world: World) -> None:
    review = opened(world)
    with world.acting("sam") as work:
        child = children_store.load(work.connection, world.child.id)
        children.leave_care(work, child.id, child.version, TODAY)
    assert stored(world, review).state is ReviewState.WITHDRAWN
    with world.acting("ira") as work:
        assert worklist.my_work(work) == ()


def test_reviews_are_said_again_for_a_service_that_lost_them(world: World) -> None:
    review = opened(world)
    with world.acting("sam") as work:
        announcing.announce(work, [f"child/{world.child.id}"])
    assert [fact.review_id for fact in world.told(ReviewDue)] == [review.id, review.id]


def test_a_disagreement_is_taken_through_its_stages_and_counted_down(world: World) -> None:
    child_id = world.child.id
    with world.acting("ira") as work:
        raised = disagreements.raise_disagreement(work, child_id, "The move was not reviewed first.", TODAY)
    for who in ("ira", "sam"):
        assert items(world, who)["disagreement"].by == date(2026, 12, 21)
    at(world, datetime(2026, 12, 22, 9, tzinfo=UTC))
    with world.acting("ira") as work:
        assert disagreements.read_disagreement(work, raised.id).days_left == -1
        further = disagreements.take_further(
            work, raised.id, Stage.CAFCASS, date(2026, 12, 22), "The director did not answer.", raised.version
        )
        disagreements.take_further(
            work, raised.id, Stage.SETTLED, date(2026, 12, 22), "The plan was changed.", further.version
        )
    assert "disagreement" not in items(world, "ira")
    assert steps_of(world)[:3] == ["disagreement_settled", "disagreement_taken_further", "disagreement_raised"]
    with world.acting("sam") as work, pytest.raises(Denied):
        disagreements.raise_disagreement(work, child_id, "I do not agree either.", TODAY)


def test_a_visit_is_recorded_and_the_next_is_on_the_social_workers_list(world: World) -> None:
    child_id = world.child.id
    first = items(world, "sam")["visit"]
    assert (first.by, first.path) == (date(2026, 11, 18), f"/children/{child_id}/visits")
    assert "regulation 28(2)(a)" in first.why
    with world.acting("sam") as work:
        visits.record_visit(work, child_id, VisitWords(date(2026, 11, 16), seen=True, alone=True))
    assert "visit" not in items(world, "sam"), "the next one is not near"
    with world.acting("sam") as work:
        visits.set_visit_pattern(work, child_id, VisitPattern.TEMPORARY)
        visits.set_visit_pattern(work, child_id, VisitPattern.TEMPORARY)
    assert items(world, "sam")["visit"].by == date(2026, 11, 23)
    assert steps_of(world).count("visits_set") == 1
    with world.acting("ira") as work, pytest.raises(Denied):
        visits.record_visit(work, child_id, VisitWords(date(2026, 11, 16), seen=True, alone=True))


def test_the_officers_caseload_shows_what_presses_and_is_narrowed_by_the_address(world: World) -> None:
    review = recorded(world)
    agreed(world, review)
    at(world, datetime(2026, 12, 21, 9, tzinfo=UTC))
    browser = world.client("ira")
    page = check_page(browser.get("/reviews"))
    assert "Amara Bright" in page
    assert "1 late" in page
    for show, count in (("actions_late", 1), ("visit_late", 1), ("disagreement", 0), ("overdue", 0), ("to_record", 0)):
        assert ("Amara Bright" in check_page(browser.get(f"/reviews?show={show}"))) is bool(count), show
    assert "Amara Bright" not in check_page(browser.get("/reviews?search=nobody"))
    assert check_page(browser.get("/reviews?show=rubbish"))
    (heading, row) = csv.reader(io.StringIO(browser.get("/reviews.csv").data.decode("utf-8-sig")))
    told = dict(zip(heading, row, strict=True))
    assert (told["Child"], told["Reviewing officer"], told["Actions late"]) == ("Amara Bright", "Ira Novak", "1")
    assert world.client("new").get("/reviews.csv").data.decode("utf-8-sig").count("\n") == 1
    assert world.client("dee").get("/reviews").status_code == 403


def test_the_caseload_takes_the_same_few_statements_however_many_children(
    world: World, count_queries: CountQueries
) -> None:

    def count() -> int:
        with world.looking("ira") as work, count_queries(work.connection) as counted:
            review_caseload.caseload_rows(work)
        return int(counted.count)

    one = count()
    with world.runtime.database("pep").writing() as connection:
        for number in range(30):
            other = replace(world.child, id=f"c{number + 2}", reference=f"2000{number:02}")
            children_store.add(connection, [other])
            place = roster.Membership(
                f"x-{number}", other.id, "ira", Role.IRO, date(2026, 9, 1), None, "Ira Novak", None
            )
            roster.join(connection, place)
    assert count() == one


def test_the_pages_from_the_first_day_to_what_was_agreed(world: World) -> None:
    """The way of the officer through the pages, with what a form refuses."""
    review = opened(world)
    ira, child = world.client("ira"), world.child
    assert check_page(ira.get(f"/reviews/{review.id}"))
    arranged(world, review)
    assert "Not ready" in check_page(ira.get(f"/reviews/{review.id}"))
    assert ira.post(f"/reviews/{review.id}/record", data={"version": 1}).status_code == 422
    review = held(world, review)
    assert check_page(ira.get(f"/reviews/{review.id}/record"))
    typed = {
        "version": review.version,
        "child_there": "yes",
        "how": "symbols",
        "seen_alone": "no",
        "decisions": "The placement goes on.",
    }
    refused = ira.post(f"/reviews/{review.id}/record", data=typed)
    assert refused.status_code == 422
    assert "Say why you did not speak to the child alone" in refused.text
    assert "The placement goes on." in refused.text, "nothing typed is lost"
    saved = ira.post(f"/reviews/{review.id}/record", data={**typed, "not_alone_why": "Amara was tired."})
    assert saved.location == f"/reviews/{review.id}"
    assert "PN3" in check_page(ira.get(f"/reviews/{review.id}"))
    what = {"what": "Find a reading tutor", "owner_id": "dee", "for_plan": "yes"}
    assert check_page(ira.get(f"/reviews/{review.id}/actions/new"))
    assert ira.post(f"/reviews/{review.id}/actions/new", data=what).status_code == 422
    day = {"by_date-day": "18", "by_date-month": "12", "by_date-year": "2026"}
    assert ira.post(f"/reviews/{review.id}/actions/new", data={**what, **day}).status_code == 303
    with world.looking("ira") as work:
        (action,) = reviews_store.actions_of(work.connection, [child.id])[child.id]
    dee = world.client("dee")
    assert check_page(dee.get(f"/review-actions/{action.id}"))
    refused = dee.post(f"/review-actions/{action.id}", data={"version": 1, "done": "no"})
    assert refused.status_code == 422
    assert dee.post(f"/review-actions/{action.id}", data={"version": 1, "done": "yes"}).status_code == 303
    assert "Done" in check_page(ira.get(f"/children/{child.id}/reviews"))
    assert check_page(ira.get(f"/children/{child.id}/disagreements/new"))
    assert ira.post(f"/children/{child.id}/disagreements/new", data={"about": "No"}).status_code == 422
    raised = {"raised_on-day": "2", "raised_on-month": "12", "raised_on-year": "2026"}
    answer = ira.post(f"/children/{child.id}/disagreements/new", data={"about": "The move was not reviewed.", **raised})
    assert (
        "working days left" in check_page(ira.get(answer.location)).replace("\xa0", " ")
        or "Left" in ira.get(answer.location).text
    )
    assert ira.post(answer.location, data={"version": 1}).status_code == 422
    sam = world.client("sam")
    assert check_page(sam.get(f"/children/{child.id}/visits"))
    assert sam.post(f"/children/{child.id}/visits", data={"seen": "yes"}).status_code == 422
    visited = {"visited_on-day": "1", "visited_on-month": "12", "visited_on-year": "2026", "seen": "yes"}
    assert sam.post(f"/children/{child.id}/visits", data={**visited, "alone": "yes"}).status_code == 303
    assert "Seen alone" in check_page(sam.get(f"/children/{child.id}/visits"))
    assert sam.post(f"/children/{child.id}/visits/pattern", data={"pattern": "until_18"}).status_code == 303
    kid = world.client("kid")
    assert kid.get(f"/children/{child.id}/reviews").status_code == 403
    assert check_page(kid.get(f"/children/{child.id}"))
    assert check_page(kid.get(f"/children/{child.id}/reviews/early"))
    by = {"meet_by-day": "11", "meet_by-month": "12", "meet_by-year": "2026"}
    assert kid.post(f"/children/{child.id}/reviews/early", data={"reason": "child", **by}).status_code == 303
    early = newest(world)
    assert early.kind is ReviewKind.EARLY
    assert ira.post(f"/reviews/{early.id}/withdrawal", data={"version": early.version, "why": ""}).status_code == 422
    withdrawn = {"version": early.version, "why": "Amara and I spoke about it."}
    assert ira.post(f"/reviews/{early.id}/withdrawal", data=withdrawn).status_code == 303
    assert "Not needed" in check_page(ira.get(f"/reviews/{early.id}"))


def test_the_pack_gives_each_reader_what_they_may_see(world: World) -> None:
    plan = world.open()
    first = recorded(world)
    agreed(world, first)
    agreed(world, first, "sam", for_plan=False)
    world.concern()
    at(world, datetime(2027, 1, 25, 9, tzinfo=UTC))
    second = opened(world)
    whole = check_page(world.client("ira").get(f"/reviews/{second.id}/pack"))
    for told in ("Contact with her grandmother", "Attendance is low", "Find a reading tutor", "autumn term 2026"):
        assert told in whole
    assert whole.count("Find a reading tutor") == 2
    school = check_page(world.client("dee").get(f"/reviews/{second.id}/pack"))
    assert school.count("Find a reading tutor") == 1, "what is not about education is not the school's"
    assert "/review-actions/" not in world.client("dee").get(f"/reviews/{second.id}/pack").text
    assert not [told for told in ("grandmother", "Attendance is low", "What changed") if told in school]
    for who in ("cal", "kid", "pat"):
        assert world.client(who).get(f"/reviews/{second.id}/pack").status_code == 403
    assert plan.id


def test_those_who_may_read_the_pack_are_told_of_it_once_for_each_time(world: World) -> None:
    review = opened(world)
    with world.runtime.database("pep").writing() as connection:
        for key in ("ira", "sam", "dee", "cal"):
            person = roster.PERSON
            connection.execute(person.update().where(person.c.id == key).values(email=f"{key}@people.example"))
    arranged(world, review)
    notice = SPEC.metadata.tables["review_notice"]

    def told() -> list[str]:
        with writing_work(world.runtime, SPEC, system_actor("northmoor")) as work:
            tell_of_packs(work)
            return sorted(work.connection.execute(select(notice.c.recipient)).scalars())

    assert told() == []
    at(world, datetime(2026, 11, 27, 9, tzinfo=UTC))
    assert told() == told() == ["dee@people.example", "ira@people.example", "sam@people.example"]
    with world.looking("ira") as work:
        row = work.connection.execute(select(notice.c.subject, notice.c.raw)).first()
    assert row is not None
    assert f"/pep/reviews/{review.id}/pack" in row.raw
    assert not [word for word in ("Amara", "Bright", "care plan") if word in row.subject + row.raw]
    arranged(world, review, date(2026, 12, 1))
    assert len(told()) == 6, "another day is told of again"


def test_programs_do_all_of_it_too(world: World) -> None:
    review = opened(world)
    ira = world.client("ira")
    assert ira.get("/api/reviews").json[0]["child_id"] == world.child.id  # type: ignore[index]
    arranged(world, review)
    review = held(world, review)
    body = {
        "version": review.version,
        "child_there": True,
        "how": "spoke",
        "seen_alone": True,
        "decisions": ["The placement goes on."],
    }
    written = ira.put(f"/api/reviews/{review.id}/record", json=body).json
    assert written is not None
    assert written["participation"] == "PN1"
    action = ira.post(
        f"/api/reviews/{review.id}/actions",
        json={"what": "Find a tutor", "owner_id": "dee", "by_date": "2026-12-18", "for_plan": True},
    ).json
    assert action is not None
    settled = world.client("dee").post(
        f"/api/review-actions/{action['id']}/outcome", json={"done": True, "outcome": "", "version": 1}
    )
    assert settled.status_code == 201
    whole = ira.get(f"/api/reviews/{review.id}").json
    assert whole is not None
    assert [one["state"] for one in whole["actions"]] == ["done"]
    assert ira.get(f"/api/children/{world.child.id}/visits").json["due"]["citation"].endswith("28(2)(a)")  # type: ignore[index]
