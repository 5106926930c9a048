"""Chasing meetings: which step of the ladder comes when, taking the steps that are due, and telling who is to be told.

The ladder itself is the authority's policy (`domain.chasing`). A step is taken in a unit of its own, once: its row is
stored with what it does. Whoever is told gets one mail about everything they are told of.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from services.scheduling.adapters import chase_store, history_store, mail_queue, meetings_store
from services.scheduling.adapters.chase_store import LateChange
from services.scheduling.adapters.notice_mail import write_chase_notice
from services.scheduling.application.lookup import note, policy_for
from services.scheduling.application.meetings import ask_again
from services.scheduling.domain.chasing import (
    ChasePolicy,
    Dated,
    Ladder,
    Outcome,
    Round,
    Taken,
    due_steps,
    in_doubt,
    ladder_of,
    next_step,
    steps_of,
    to_telephone,
    unanswered,
)
from services.scheduling.domain.meeting import Answer, Invitee, Meeting, MeetingState
from shared.contracts.roles import Role
from shared.kernel.clock import LONDON, london_date
from shared.kernel.errors import DomainError
from shared.kernel.ids import new_id
from shared.kernel.working_days import is_working_day
from shared.platform import roster
from shared.platform.access import system_actor
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.plain_mail import can_be_mailed
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import Work, reading_work, writing_work

BEGINS = ("asked_for", "arranged", "moved", "put_back", "restored", "cancelled")
"""The lines of the history with which what is waited for changes, so that the ladder begins anew."""
AHEAD = timedelta(days=60)
"""How far ahead meetings are looked at: further than any ladder reaches."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chase:
    """How a meeting is chased now: the steps of its ladder, those behind us, and who is waited for.

    `ring` are those to telephone, `in_doubt` those who must come and have long said "perhaps", `late` a change at short
    notice that not everybody may have heard of.
    """

    meeting: Meeting
    policy: ChasePolicy
    present: Round
    ladder: Ladder | None
    steps: tuple[Dated, ...]
    taken: tuple[Taken, ...]
    waited_for: tuple[Invitee, ...]
    ring: tuple[Invitee, ...]
    in_doubt: tuple[Invitee, ...]
    late: LateChange | None
    today: date

    @property
    def next(self) -> Dated | None:
        """Return the step that comes next, as long as somebody or something is waited for."""
        if self.ladder is Ladder.ANSWERS and not self.waited_for:
            return None
        return next_step(self.steps, self.taken, self.today)


def chase_of(work: Work, meeting: Meeting) -> Chase:
    """Return how one meeting is chased."""
    return chases(work, [meeting])[0]


def chases(work: Work, meetings: Iterable[Meeting]) -> list[Chase]:
    """Return how meetings are chased, in their order: four statements, however many there are."""
    chosen = list(meetings)
    ids = [meeting.id for meeting in chosen]
    begun = history_store.last_times(work.connection, ids, BEGINS)
    rounds = {
        meeting.id: Round(begun[meeting.id][0], london_date(begun[meeting.id][1]))
        if meeting.id in begun
        else Round(0, meeting.asked_on)
        for meeting in chosen
    }
    behind = chase_store.taken(work.connection, rounds)
    late = chase_store.late_changes(work.connection, ids, work.now)
    return [_chase(work, meeting, rounds[meeting.id], behind[meeting.id], late.get(meeting.id)) for meeting in chosen]


def chase_everything(runtime: Runtime, spec: ServiceSpec) -> int:
    """Take every step that is due, and write to those who are to be told; return how many steps were taken.

    On working days only, from the hour that the authority's policy says. One meeting that cannot be chased holds up no
    other.
    """
    suite = system_actor()
    with reading_work(runtime, spec, suite) as work:
        if not is_working_day(work.today, ENGLAND_AND_WALES):
            return 0
        until = work.now + AHEAD
        ids = chase_store.to_chase(work.connection, work.now, until, london_date(until))
        found = chases(work, meetings_store.with_ids(work.connection, ids))
        due = [each.meeting.id for each in found if _due(work, each)]
        waiting = chase_store.has_unmailed(work.connection)
    count = 0
    for meeting_id in due:
        try:
            with writing_work(runtime, spec, suite) as work:
                count += _chase_one(work, meeting_id)
        except DomainError as refused:
            log.warning("A meeting could not be chased: %s", refused.code)
    if due or waiting:
        with writing_work(runtime, spec, suite) as work:
            _mail_notices(work)
    return count


def tell_about(work: Work, meeting: Meeting, present: Round, days: int, roles: Iterable[Role]) -> list[Role]:
    """Put down that those in some roles are to be told of a meeting; return the roles in which somebody is."""
    team = roster.team(work.connection, meeting.child_id, work.today)
    told: dict[str, Role] = {}
    for role in roles:
        ids = [member.person_id for member in team if member.role is role]
        if not ids and role in (Role.TEAM_MANAGER, Role.VIRTUAL_SCHOOL_HEAD):
            people = roster.people(work.connection, meeting.authority)
            ids = [one.id for one in people if Role.VIRTUAL_SCHOOL_HEAD in one.kinds]
        told |= {person_id: role for person_id in ids if person_id not in told}
    chase_store.add_notices(work.connection, meeting.id, present, days, told, work.today)
    return [role for role in Role if role in told.values()]


def _chase(work: Work, meeting: Meeting, present: Round, behind: list[Taken], late: LateChange | None) -> Chase:
    policy = policy_for(work, meeting).chasing
    steps = steps_of(meeting, policy, present, ENGLAND_AND_WALES)
    waited_for = unanswered(meeting, policy, work.today, ENGLAND_AND_WALES)
    ring = waited_for if late is not None else to_telephone(waited_for, steps, work.today)
    if late is not None and meeting.state is MeetingState.CANCELLED:
        ring = tuple(each for each in meeting.invitees if each.answer is not Answer.DECLINED)
    return Chase(
        meeting=meeting,
        policy=policy,
        present=present,
        ladder=ladder_of(meeting),
        steps=steps,
        taken=tuple(behind),
        waited_for=waited_for,
        ring=ring,
        in_doubt=in_doubt(meeting, policy, work.today, ENGLAND_AND_WALES),
        late=late,
        today=work.today,
    )


def _due(work: Work, chase: Chase) -> tuple[Dated, ...]:
    booking = chase.meeting.booking
    over = booking is not None and booking.starts_at <= work.now
    if over or work.now.astimezone(LONDON).time() < chase.policy.starts_at:
        return ()
    return due_steps(chase.steps, chase.taken, work.today)


def _chase_one(work: Work, meeting_id: str) -> int:
    meeting = meetings_store.load(work.connection, meeting_id)
    if meeting is None:
        return 0
    chase = chase_of(work, meeting)
    due = _due(work, chase)
    for overtaken in due[:-1]:
        _keep(work, chase, overtaken, Outcome.OVERTAKEN, 0)
    if due:
        _take(work, chase, due[-1])
    return len(due)


def _take(work: Work, chase: Chase, due: Dated) -> None:
    step, meeting = due.step, chase.meeting
    if step.ladder is Ladder.ANSWERS and not chase.waited_for:
        _keep(work, chase, due, Outcome.NOT_NEEDED, 0)
        return
    asked = ask_again(work, meeting) if step.remind else 0
    ring = len(chase.waited_for) if step.telephone else 0
    _keep(work, chase, due, Outcome.DONE, asked or ring)
    told = tell_about(work, meeting, chase.present, step.days, step.tell)
    note(
        work,
        meeting,
        "chased",
        ladder=step.ladder.value,
        asked=asked,
        ring=ring,
        told=[role.value for role in told],
    )


def _keep(work: Work, chase: Chase, due: Dated, outcome: Outcome, reached: int) -> None:
    step = Taken(due.step.days, work.today, outcome, reached)
    chase_store.add(work.connection, chase.meeting.id, chase.present, step)


def _mail_notices(work: Work) -> None:
    waiting = chase_store.take_unmailed(work.connection)
    people = roster.people_by_id(work.connection, waiting)
    for person_id, meeting_ids in waiting.items():
        person = people.get(person_id)
        address = (person.email or "").strip() if person is not None and person.active else ""
        if person is None or not can_be_mailed(address):
            continue  # it is on their chase list all the same
        authority = work.settings.authority(person.authority)
        notice_id = new_id()
        mail = write_chase_notice(
            notice_id,
            person.name,
            address,
            len(set(meeting_ids)),
            work.settings.address_of("scheduling", "/chase"),
            authority.organizer_name,
            authority.organizer_address,
            work.now,
        )
        mail_queue.enqueue_notice(
            work.connection, "", person.id, notice_id, mail, work.now, told_by_mail=True, act="chase"
        )
