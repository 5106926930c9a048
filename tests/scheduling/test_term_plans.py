"""Drafting a term, adjusting the draft, and sending it: from the click to the invitations."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from services.scheduling.adapters import cp_sat_process, meetings_store, term_plan_store
from services.scheduling.adapters.cp_sat import price_of
from services.scheduling.adapters.tables import meeting_history
from services.scheduling.app import SPEC
from services.scheduling.application import term_planning, term_plans, term_sending
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.application.term_knowledge import times_open
from services.scheduling.application.term_plan_views import DraftFilter, list_drafts, look_at_draft
from services.scheduling.application.term_planning import SILENT, plan_due_term
from services.scheduling.application.term_sending import look_at_sending, send_invitations, send_next_invitations
from services.scheduling.domain.meeting import Booking, Meeting, MeetingState, Mode
from services.scheduling.domain.term_draft import Options, Placement, PlacementState, PlanState, TermPlan
from services.scheduling.domain.term_question import DayOff
from shared.contracts.roles import Role
from shared.contracts.scheduling import MeetingArranged
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Stale
from shared.platform import roster
from shared.platform.access import actor_for
from shared.platform.work import Work

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

FIRST, LAST = date(2026, 11, 23), date(2026, 12, 18)


def fill(office: Office, children: int = 6) -> list[Meeting]:
    """Let there be a Virtual School head, and children of one worker and one school who all need a meeting."""
    with office.writing() as work:
        head = roster.Person(
            "head", office.runtime.settings.authorities[0].key, "Hana Sole", "head@people.example",
            frozenset({Role.VIRTUAL_SCHOOL_HEAD}), "",
        )  # fmt: skip
        roster.record_person(work.connection, head)
    office.actors["head"] = actor_for(head)
    for number in range(2, children + 1):
        office.add_child(f"c{number}")
    return [office.open_plan(f"c{n}", f"p{n}", date(2026, 12, 11)) for n in range(1, children + 1)]


@pytest.fixture
def meetings(office: Office) -> list[Meeting]:
    return fill(office)


def drafted(office: Office, who: str = "head", **options: int) -> TermPlan:
    """Return a draft that somebody asked for and the worker made."""
    with office.writing(who) as work:
        asked = term_plans.start_draft(work, FIRST, LAST, Options(**options))
    return made(office, asked.id)


def made(office: Office, term_plan_id: str) -> TermPlan:
    assert plan_due_term(office.runtime, SPEC)
    return stored(office, term_plan_id)


def stored(office: Office, term_plan_id: str) -> TermPlan:
    with office.reading() as work:
        found = term_plan_store.load(work.connection, term_plan_id)
    assert found is not None
    return found


def lines(office: Office, plan: TermPlan) -> dict[str, Placement]:
    with office.reading() as work:
        return {one.meeting_id: one for one in term_plan_store.placements(work.connection, plan.id)}


def test_a_draft_places_every_meeting_and_changes_none(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    assert plan.state is PlanState.READY
    assert (plan.progress.meetings, plan.progress.placed, plan.progress.unknown_diaries) == (6, 6, 2)
    placed = lines(office, plan)
    assert set(placed) == {meeting.id for meeting in meetings}
    days = [one.starts_at.date() for one in placed.values() if one.starts_at]
    assert max(days.count(day) for day in days) <= 2  # the worker's and the teacher's bounds
    assert all(date(2026, 11, 26) <= day <= date(2026, 12, 11) for day in days)
    assert len({one.starts_at for one in placed.values()}) == 6  # nobody is at two meetings at once
    assert {office.meeting_of(f"p{n}").state for n in range(1, 7)} == {MeetingState.TO_ARRANGE}
    assert office.mails() == []


def test_where_no_bound_leaves_room_the_draft_says_what_to_relax(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office, a_day=1, a_week=1, fair_a_week=1)
    placed = [one for one in lines(office, plan).values() if one.state is PlacementState.PLANNED]
    left = [one for one in lines(office, plan).values() if one.state is PlacementState.UNPLACED]
    assert (len(placed), len(left)) == (3, 3)
    assert {(one.hindrance, one.hindrance_person) for one in left} == {("other_meetings", "worker")}
    assert all(one.opens > 0 for one in left)


def test_what_is_late_already_is_planned_as_soon_as_can_be(office: Office, meetings: list[Meeting]) -> None:
    late = office.open_plan("c1", "p-late", date(2026, 11, 20))
    found = lines(office, drafted(office))[late.id]
    assert found.late
    assert found.starts_at is not None
    assert found.starts_at.date() <= date(2026, 11, 30)


def test_a_meeting_of_a_later_term_is_not_in_the_draft(office: Office, meetings: list[Meeting]) -> None:
    later = office.open_plan("c1", "p-later", date(2027, 2, 1))
    assert later.id not in lines(office, drafted(office))


def test_times_of_other_meetings_of_the_draft_are_not_offered(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    placed = lines(office, plan)
    this = placed[meetings[0].id]
    with office.reading("worker") as work:
        rules = term_plans.rules_of(work, plan.authority)
        offered = {one.starts_at for one in times_open(work, plan, this, rules)}
    taken = {one.starts_at for one in placed.values() if one.meeting_id != this.meeting_id}
    assert this.starts_at in offered
    assert not offered & taken
    assert len(offered) > 10


def test_a_moved_meeting_is_locked_and_stays_when_the_term_is_drafted_again(
    office: Office, meetings: list[Meeting]
) -> None:
    plan = drafted(office)
    before = lines(office, plan)
    this = before[meetings[0].id]
    with office.writing("worker") as work:
        rules = term_plans.rules_of(work, plan.authority)
        other = next(one for one in reversed(times_open(work, plan, this, rules)) if one.starts_at != this.starts_at)
        moved = term_plans.move_in_draft(work, plan.id, this.meeting_id, other.starts_at, this.version)
    assert (moved.locked, moved.moved_from) == (True, this.starts_at)
    with office.writing("worker") as work, pytest.raises(Stale):
        term_plans.move_in_draft(work, plan.id, this.meeting_id, other.starts_at, this.version)
    with office.writing("head") as work:
        term_plans.draft_again(work, plan.id, plan.version)
    after = lines(office, made(office, plan.id))
    assert after[this.meeting_id].starts_at == other.starts_at
    assert [key for key in before if before[key].starts_at != after[key].starts_at] == [this.meeting_id]


def test_a_taken_time_cannot_be_chosen(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    one, other = list(lines(office, plan).values())[:2]
    assert other.starts_at is not None
    with office.writing("worker") as work, pytest.raises(Conflict, match="not open any more"):
        term_plans.move_in_draft(work, plan.id, one.meeting_id, other.starts_at, one.version)


def test_a_week_off_moves_only_the_meetings_of_that_week(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    before = lines(office, plan)
    days = sorted(one.starts_at.date() for one in before.values() if one.starts_at)
    with office.writing("head") as work:
        term_plans.add_day_off(work, plan.id, DayOff("worker", days[0], days[0]), plan.version)
    plan = made(office, plan.id)
    after = lines(office, plan)
    moved = {key for key in before if before[key].starts_at != after[key].starts_at}
    hit = {key for key, one in before.items() if one.starts_at and one.starts_at.date() == days[0]}
    assert moved == hit
    assert {key for key, one in after.items() if one.moved_from} == hit
    assert all(one.starts_at and one.starts_at.date() != days[0] for one in after.values())
    with office.reading() as work:
        ((number, _),) = term_plan_store.days_off(work.connection, plan.id)
    with office.writing("head") as work:
        term_plans.remove_day_off(work, plan.id, number, plan.version)
    assert plan_due_term(office.runtime, SPEC)
    with office.reading() as work:
        assert term_plan_store.days_off(work.connection, plan.id) == []


def test_what_is_left_out_gets_no_time_until_it_is_taken_in_again(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    this = lines(office, plan)[meetings[0].id]
    with office.writing("worker") as work:
        out = term_plans.leave_out(work, plan.id, this.meeting_id, this.version, out=True)
    with office.writing("head") as work:
        term_plans.draft_again(work, plan.id, plan.version)
    plan = made(office, plan.id)
    assert lines(office, plan)[this.meeting_id].state is PlacementState.LEFT_OUT
    with office.writing("worker") as work:
        term_plans.leave_out(work, plan.id, this.meeting_id, out.version, out=False)
    with office.writing("head") as work:
        term_plans.draft_again(work, plan.id, plan.version)
    assert lines(office, made(office, plan.id))[this.meeting_id].state is PlacementState.PLANNED


def by_hand(work: Work, meeting: Meeting) -> Meeting:
    starts = london_time(date(2026, 12, 8), 9)
    booking = Booking(starts, starts + timedelta(hours=1), Mode.IN_PERSON, "Oakfield School")
    return arrange(work, meeting.id, Wish(booking, {"worker": True, "teacher": True}), meeting.version)


def test_a_meeting_arranged_by_hand_drops_out_of_the_draft(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    this = lines(office, plan)[meetings[0].id]
    with office.writing("worker") as work:
        by_hand(work, meetings[0])
    assert lines(office, plan)[meetings[0].id].state is PlacementState.GONE
    with office.writing("worker") as work, pytest.raises(Conflict, match="meanwhile"):
        term_plans.lock_in_draft(work, plan.id, this.meeting_id, this.version, locked=True)
    with office.reading("head") as work:
        assert len(look_at_sending(work, plan.id).lines) == 5
        (listed,) = list_drafts(work)
    assert (listed.counts[PlacementState.PLANNED], listed.counts[PlacementState.GONE]) == (5, 1)


def send(office: Office, plan: TermPlan) -> TermPlan:
    with office.writing("head") as work:
        return send_invitations(work, plan.id, plan.version)


def test_nothing_goes_out_without_a_click_and_everything_after_it(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    placed = lines(office, plan)
    assert send_next_invitations(office.runtime, SPEC) == 0
    with office.reading("head") as work:
        told = look_at_sending(work, plan.id)
    assert (len(told.lines), told.left, told.mails, told.without_address) == (6, 0, 18, 1)
    sending = send(office, plan)
    assert sending.state is PlanState.SENDING
    assert send(office, plan).version == sending.version  # twice is once
    assert send_next_invitations(office.runtime, SPEC) == 6
    assert send_next_invitations(office.runtime, SPEC) == 0
    assert stored(office, plan.id).state is PlanState.SENT
    for number, meeting in enumerate(meetings, 1):
        arranged = office.meeting_of(f"p{number}")
        assert arranged.state is MeetingState.ARRANGED
        assert arranged.booking is not None
        assert arranged.booking.starts_at == placed[meeting.id].starts_at
        assert arranged.booking.place == "Oakfield School"
    assert len(office.mails()) == 18
    assert sum(isinstance(fact, MeetingArranged) for fact in office.facts()) == 6
    with office.runtime.database("scheduling").reading() as connection:
        told_by = connection.execute(select(meeting_history.c.facts).where(meeting_history.c.what == "sent_from_draft"))
        assert [row.facts["by"] for row in told_by] == ["Hana Sole"] * 6


def test_killed_while_sending_it_goes_on_and_invites_nobody_twice(
    office: Office, meetings: list[Meeting], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = drafted(office)
    send(office, plan)
    real, done = term_plan_store.save_placement, []

    def dies_at_the_third(connection: object, line: Placement) -> Placement:
        done.append(line)
        if len(done) == 3:
            raise KeyboardInterrupt
        return real(connection, line)  # type: ignore[arg-type]

    monkeypatch.setattr(term_sending.term_plan_store, "save_placement", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        send_next_invitations(office.runtime, SPEC)
    monkeypatch.undo()
    states = [office.meeting_of(f"p{n}").state for n in range(1, 7)]
    assert states.count(MeetingState.ARRANGED) == 2  # the third was rolled back whole
    while send_next_invitations(office.runtime, SPEC):
        pass
    assert {office.meeting_of(f"p{n}").state for n in range(1, 7)} == {MeetingState.ARRANGED}
    assert len(office.mails()) == 18


def test_what_cannot_be_arranged_any_more_is_listed_and_loses_nothing(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    placed = lines(office, plan)
    this = placed[meetings[1].id]
    assert this.starts_at is not None
    send(office, plan)
    # The worker is booked by hand for another child's meeting at the time of one that is still to be sent.
    with office.writing("worker") as work:
        booking = Booking(this.starts_at, this.starts_at + timedelta(hours=1), Mode.IN_PERSON, "Oakfield School")
        arrange(work, meetings[0].id, Wish(booking, {"worker": True, "teacher": True}), meetings[0].version)
    while send_next_invitations(office.runtime, SPEC):
        pass
    after = lines(office, plan)
    assert after[meetings[0].id].state is PlacementState.GONE
    assert after[this.meeting_id].state is PlacementState.REFUSED
    assert "just been booked for another meeting" in after[this.meeting_id].refusal
    assert [one.state for one in after.values()].count(PlacementState.SENT) == 4
    assert office.meeting_of("p2").state is MeetingState.TO_ARRANGE  # still on the worker's list
    assert stored(office, plan.id).state is PlanState.SENT


def test_who_may_do_what(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    this = lines(office, plan)[meetings[0].id]
    with office.writing("worker") as work, pytest.raises(Denied):
        term_plans.start_draft(work, FIRST, LAST, Options())
    with office.writing("worker") as work, pytest.raises(Denied):
        send_invitations(work, plan.id, plan.version)
    with office.reading("teacher") as work, pytest.raises(Denied):
        look_at_draft(work, plan.id)
    with office.reading("stranger") as work:  # a social worker of other children
        assert look_at_draft(work, plan.id).everything == []
    with office.writing("stranger") as work, pytest.raises(NotFound):
        term_plans.lock_in_draft(work, plan.id, this.meeting_id, this.version, locked=True)
    with office.writing("manager") as work, pytest.raises(Denied, match="whoever made this draft"):
        term_plans.draft_again(work, plan.id, plan.version)
    with office.writing("worker") as work:
        assert term_plans.lock_in_draft(work, plan.id, this.meeting_id, this.version, locked=True).locked
    with office.reading("worker") as work:
        shown = look_at_draft(work, plan.id, DraftFilter(worker="worker"))
    assert (len(shown.rows), shown.directs) == (6, False)


def test_a_team_manager_drafts_their_own_teams_alone(office: Office, meetings: list[Meeting]) -> None:
    with office.writing() as work:
        for child in ("c1", "c2"):
            place = roster.Membership(
                f"{child}-manager",
                child,
                "manager",
                Role.TEAM_MANAGER,
                FIRST,
                None,
                "Gita Rao",
                "manager@people.example",
            )
            roster.join(work.connection, place)
    plan = drafted(office, "manager")
    assert {one.child_id for one in lines(office, plan).values()} == {"c1", "c2"}
    with office.writing("manager") as work:
        assert send_invitations(work, plan.id, plan.version).state is PlanState.SENDING


def test_days_that_cannot_be_meant_are_refused(office: Office, meetings: list[Meeting]) -> None:
    for first, last in ((LAST, FIRST), (date(2026, 1, 1), date(2026, 2, 1)), (FIRST, date(2028, 1, 1))):
        with office.writing("head") as work, pytest.raises(InvalidInput):
            term_plans.start_draft(work, first, last, Options())
    plan = drafted(office)
    with office.writing("head") as work, pytest.raises(InvalidInput):
        term_plans.add_day_off(work, plan.id, DayOff("nobody", FIRST, FIRST), plan.version)


def test_a_draft_is_not_changed_while_it_is_made(office: Office, meetings: list[Meeting]) -> None:
    with office.writing("head") as work:
        plan = term_plans.start_draft(work, FIRST, LAST, Options())
    with office.writing("head") as work, pytest.raises(Conflict, match="working on this draft"):
        term_plans.draft_again(work, plan.id, plan.version)
    with office.writing("head") as work:
        assert term_plans.discard(work, plan.id, plan.version).state is PlanState.DISCARDED
    assert not plan_due_term(office.runtime, SPEC)


def test_a_planner_that_was_killed_is_replaced(
    office: Office, meetings: list[Meeting], monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.writing("head") as work:
        plan = term_plans.start_draft(work, FIRST, LAST, Options())

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(term_planning, "draft", dies)
    with pytest.raises(KeyboardInterrupt):
        plan_due_term(office.runtime, SPEC)
    monkeypatch.undo()
    assert stored(office, plan.id).state is PlanState.PLANNING
    assert not plan_due_term(office.runtime, SPEC)  # it may still be at work
    office.at(office.runtime.clock.now() + SILENT + timedelta(seconds=1))
    assert made(office, plan.id).state is PlanState.READY
    assert len(lines(office, plan)) == 6


def test_a_fault_leaves_the_draft_to_be_tried_again(
    office: Office, meetings: list[Meeting], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a fault")

    with office.writing("head") as work:
        plan = term_plans.start_draft(work, FIRST, LAST, Options())
    monkeypatch.setattr(term_planning, "draft", fails)
    with pytest.raises(RuntimeError):
        plan_due_term(office.runtime, SPEC)
    monkeypatch.undo()
    failed = stored(office, plan.id)
    assert (failed.state, failed.problem) == (PlanState.READY, "failed")
    with office.writing("head") as work:
        term_plans.draft_again(work, plan.id, failed.version)
    assert made(office, plan.id).problem == ""


def test_the_solver_improves_a_draft_and_says_how_good_it_is(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office, seconds=10)
    progress = plan.progress
    assert plan.problem == ""
    assert (progress.proven, progress.gap) == (True, 0.0)
    assert progress.cost is not None
    assert progress.placed == 6
    assert sum(progress.parts[name] for name in ("days", "hours", "missing", "journeys", "unfair")) == progress.cost


def test_somebody_may_be_content_before_the_time_is_up(
    office: Office, meetings: list[Meeting], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []

    def slow(problem: object, hint: dict[str, int], seconds: float, tell: object) -> None:
        with office.writing("head") as work:
            term_plans.stop(work, plan.id)
        heard.append(tell(None))  # type: ignore[operator]

    with office.writing("head") as work:
        plan = term_plans.start_draft(work, FIRST, LAST, Options(seconds=600))
    monkeypatch.setattr(cp_sat_process, "improve_apart", slow)
    monkeypatch.setattr(term_planning, "is_installed", lambda: True)
    assert made(office, plan.id).state is PlanState.READY
    assert heard == [False]
    assert len(lines(office, plan)) == 6


def test_without_the_solver_the_quick_draft_stands_and_the_page_can_say_why(
    office: Office, meetings: list[Meeting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(term_planning, "is_installed", lambda: False)
    plan = drafted(office, seconds=60)
    assert (plan.state, plan.problem, plan.progress.placed) == (PlanState.READY, "solver_not_installed", 6)


def test_the_solvers_own_process_can_be_stopped_at_any_time(office: Office, meetings: list[Meeting]) -> None:
    from benchmarks.term_plan.town import town

    heard = []
    problem = town(children=300)
    hint = term_planning.draft(problem)
    best = cp_sat_process.improve_apart(problem, hint, 60, lambda step: bool(heard.append(step)))
    assert len(heard) == 1
    assert best is None or best.cost <= price_of(problem, hint)


def test_a_long_list_takes_no_more_statements_than_a_short_one(office: Office) -> None:
    counts = []
    for size in (2, 8):
        fill(office, size)
        plan = drafted(office)
        with office.reading("head") as work:
            counts.append(statements(work, lambda work=work, plan=plan: look_at_draft(work, plan.id)))
            counts.append(statements(work, lambda work=work, plan=plan: list_drafts(work)))
    assert counts[:2] == counts[2:]


def statements(work: Work, does: object) -> int:
    from sqlalchemy import event

    count = []
    event.listen(work.connection, "before_cursor_execute", lambda *_: count.append(1))
    does()  # type: ignore[operator]
    return len(count)


def test_old_drafts_are_forgotten_with_their_lines(office: Office, meetings: list[Meeting]) -> None:
    plan = drafted(office)
    office.at(office.runtime.clock.now() + timedelta(days=181))
    with office.writing() as work:
        term_sending.forget_old_drafts(work)
        assert term_plan_store.load(work.connection, plan.id) is None
        assert meetings_store.load(work.connection, meetings[0].id) is not None


def test_on_both_databases(migrated_office: Office) -> None:
    office = migrated_office
    fill(office, 3)
    plan = drafted(office)
    with office.writing("head") as work:
        term_plans.add_day_off(work, plan.id, DayOff("worker", FIRST, FIRST), plan.version)
    plan = made(office, plan.id)
    with office.writing("head") as work:
        assert [one.counts[PlacementState.PLANNED] for one in list_drafts(work)] == [3]
        assert len(look_at_draft(work, plan.id).rows) == 3
    send(office, plan)
    while send_next_invitations(office.runtime, SPEC):
        pass
    assert stored(office, plan.id).state is PlanState.SENT
    assert {one.state for one in lines(office, plan).values()} == {PlacementState.SENT}
