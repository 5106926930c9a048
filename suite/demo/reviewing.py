"""Plays the steps of reviews of care plans, and of the social worker's visits."""

from __future__ import annotations

from datetime import timedelta

from services.pep.adapters import reviews_store
from services.pep.app import SPEC as PEP
from services.pep.application import review_records, visits
from services.pep.application.visits import VisitWords
from services.pep.domain.review_record import ActionState
from services.pep.domain.reviews import Review
from services.scheduling.adapters import meetings_store
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application import answers, meetings
from services.scheduling.application.guests import propose_guests
from services.scheduling.domain.holding import Account
from services.scheduling.domain.meeting import Answer, Booking, Meeting, Mode
from shared.contracts.participation import Conveyed, Participation
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict
from suite.demo.cast import staff_id
from suite.demo.player import NotPossible, Player
from suite.demo.story import Step

PLACE = "Civic Centre, Northmoor, room 4"
HOURS = (10, 14, 11, 15, 13, 9, 16)
TOO_YOUNG = "Too young to be spoken to about it; seen playing with the carer."


def arrange_review(player: Player, step: Step) -> None:
    """Let the reviewing officer find a time, and those who must be there say that they come."""
    assert step.meeting_on is not None  # noqa: S101 - every such step has it
    meeting = _meeting(player, step)
    with player.stage.looking(SCHEDULING) as work:
        wanted = {guest.person_id: guest.required for guest, invited in propose_guests(work, meeting) if invited}
    for hour in HOURS:
        starts_at = london_time(step.meeting_on, hour)
        booking = Booking(starts_at, starts_at + timedelta(hours=1), Mode.IN_PERSON, place=PLACE)
        try:
            with player.stage.acting(SCHEDULING, staff_id(step.child.reviewing_officer)) as work:
                arranged = meetings.arrange(work, meeting.id, meetings.Wish(booking, wanted), meeting.version)
        except Conflict as conflict:
            if conflict.code != "person_booked":
                raise
        else:
            break
    else:
        raise NotPossible(f"everybody for {step.child.row.name} is booked on {step.meeting_on}")
    for invitee in arranged.invitees:
        if Role(invitee.role) in (Role.SOCIAL_WORKER, Role.CARER):
            with player.stage.acting(SCHEDULING, invitee.person_id) as work:
                answers.record_answer(work, invitee.id, Answer.ACCEPTED, by="link")


def hold_review(player: Player, step: Step) -> None:
    """Let the officer say who came to the review and how the child took part."""
    meeting = _meeting(player, step)
    came = [each.person_id for each in meeting.invitees if each.answer is not Answer.DECLINED]
    there = any(each.role == Role.CHILD for each in meeting.invitees)
    account = Account((), Participation(there, Conveyed.SPOKE if there else Conveyed.OTHER_MEANS))
    with player.stage.acting(SCHEDULING, staff_id(step.child.reviewing_officer)) as work:
        meetings.record_held(work, meeting.id, came, meeting.version, account)


def record_review(player: Player, step: Step) -> None:
    """Write the record, and what was agreed: something for the school, something for the social worker."""
    review, name = _review(player, step), step.child.row.known_as or step.child.row.name.split()[0]
    there = bool(review.child_there)
    written = review_records.Written(
        child_there=there,
        how=Conveyed(review.conveyed or Conveyed.OTHER_MEANS),
        seen_alone=step.child.row.group >= 1,
        not_alone_why="" if step.child.row.group >= 1 else TOO_YOUNG,
        decisions=(
            f"{name} stays where {name} lives now, and wants to.",
            "The social worker and the school tell each other the same day when something goes wrong.",
            f"{name} sees the rest of the family as often as now.",
        ),
    )
    author = player.school_author(step)
    worker, officer = staff_id(step.child.social_worker), staff_id(step.child.reviewing_officer)
    with player.stage.acting(PEP, officer) as work:
        review_records.write_record(work, review.id, written, review.version)
        for what, owner, days, for_plan in (
            ("Find one person at school to whom things can be said first", author, 21, True),
            ("Agree with the carer a quiet place and a time for homework", worker, 28, True),
            ("Ask the health visitor about the sleepless nights", worker, 90, False),
        ):
            by_date = step.on + timedelta(days=days)
            review_records.add_action(work, review.id, what=what, owner_id=owner, by_date=by_date, for_plan=for_plan)


def settle_agreed(player: Player, step: Step) -> None:
    """Let the school say that what it promised is done."""
    author = player.school_author(step)
    with player.stage.looking(PEP) as work:
        actions = reviews_store.actions_of(work.connection, [player.child_id(step)])[player.child_id(step)]
    for action in actions:
        if action.owner_id == author and action.state is ActionState.OPEN:
            with player.stage.acting(PEP, author) as work:
                said = "The librarian has lunch with them twice a week."
                review_records.settle_action(work, action.id, done=True, outcome=said, seen_version=action.version)


def visit(player: Player, step: Step) -> None:
    """Let the social worker visit, and record it."""
    old_enough = step.child.row.group >= 1
    words = VisitWords(
        step.on,
        seen=True,
        alone=old_enough,
        why_not="" if old_enough else TOO_YOUNG,
        note="Settled and cheerful. Showed the new reading book." if step.number % 2 else "",
    )
    with player.stage.acting(PEP, staff_id(step.child.social_worker)) as work:
        visits.record_visit(work, player.child_id(step), words)


def _review(player: Player, step: Step) -> Review:
    with player.stage.looking(PEP) as work:
        reviews = reviews_store.of_child(work.connection, player.child_id(step))
    wanted = [one for one in reviews if one.rule == "first_review"]
    if not wanted:
        raise NotPossible(f"{step.child.row.name} has no first review")
    return wanted[0]


def _meeting(player: Player, step: Step) -> Meeting:
    review = _review(player, step)
    with player.stage.looking(SCHEDULING) as work:
        found = meetings_store.with_request(work.connection, review.id)
    if found is None:
        raise NotPossible(f"{step.child.row.name} has no meeting for the review")
    return found
