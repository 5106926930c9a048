"""Plays each step of the story: which of the services' functions it is, and who does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from services.pep.adapters import children_store
from services.pep.app import SPEC as PEP
from services.pep.application import (
    children,
    concerns,
    links,
    parents,
    placement,
    plans,
    sections,
    targets,
    team,
    views,
)
from services.pep.domain.forms import Section
from services.pep.domain.parents import Ground
from services.pep.domain.targets import Category
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application import answers, meetings
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.polls import Asking, ask_people
from services.scheduling.application.polls_answers import answer_own, own_question
from services.scheduling.application.polls_page import prepare_asking
from services.scheduling.domain.holding import Account
from services.scheduling.domain.meeting import Answer, Booking, Mode
from services.scheduling.domain.polls import Choice
from services.scheduling.domain.quorum import WhyCounted
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from services.virtual_school.application import rating, suspensions
from services.virtual_school.domain.rubric import Decision, Rating
from shared.contracts.parents import ParentStanding
from shared.contracts.participation import Conveyed, Participation
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict
from suite.demo import reviewing, words
from suite.demo.cast import SPEAKS, family_of, home_of, staff_id
from suite.demo.player import NotPossible, Player
from suite.demo.staff import SCHOOLS, TEAM_MANAGER
from suite.demo.story import Act, Step

HOURS = (9, 13, 10, 14, 11, 15, 12, 16)
PARTS = {
    True: (Conveyed.SPOKE, Conveyed.SPOKE, Conveyed.SYMBOLS, Conveyed.ADVOCATE),
    False: (Conveyed.OTHER_MEANS, Conveyed.OTHER_MEANS, Conveyed.ADVOCATE, Conveyed.NOT),
}
"""How children were heard at meetings to which they came, and at others."""
WITHOUT_SCHOOL = "Northmoor Virtual School, Civic Centre"


def play(player: Player, step: Step) -> None:
    """Play one step; raises `NotPossible` where there is nothing to act on, and the services' own errors."""
    _ACTS[step.act](player, step)


def _enter_care(player: Player, step: Step) -> None:
    child = step.child
    new = children.NewChild(
        reference=child.reference,
        name=child.row.name,
        known_as=child.row.known_as,
        born_on=child.born_on,
        sex=child.row.sex,
        upn=child.upn,
        legal_status=child.row.legal_status,
        entered_care_on=step.on,
        school_urn=child.school_urn,
        school_since=step.on,
        team={
            Role.SOCIAL_WORKER: staff_id(child.social_worker),
            Role.TEAM_MANAGER: staff_id(TEAM_MANAGER.key),
            Role.IRO: staff_id(child.reviewing_officer),
            Role.VIRTUAL_SCHOOL_CASEWORKER: staff_id(child.caseworker),
        },
    )
    to_confirm: list[str] = []
    with player.stage.acting(PEP, staff_id(child.social_worker)) as work:
        child_id = children.enter_care(work, new).id
        player.child_ids[child.key] = child_id
        for name, email, role in family_of(child):
            member = team.add_new_person(work, child_id, name, email, role, step.on, SPEAKS.get(name, ""))
            if role is Role.CARER:
                placement.record_placement(work, child_id, home_of(child, step.on, member.person_id), 0)
            if role is Role.PARENT:
                decided = parents.decide_for_parent(
                    work, child_id, member.person_id, ParentStanding.INVITED, Ground.AGREED
                )
                to_confirm.append(decided.id)
    for decision_id in to_confirm:
        with player.stage.acting(PEP, staff_id(TEAM_MANAGER.key)) as work:
            parents.settle_decision(work, child_id, decision_id, confirmed=True)


def _arrange(player: Player, step: Step) -> None:
    assert step.meeting_on is not None  # noqa: S101 - every such step has it
    meeting = player.meeting(step)
    school = next((school.name for school in SCHOOLS if school.urn == step.child.school_urn), WITHOUT_SCHOOL)
    with player.stage.looking(SCHEDULING) as work:
        wanted = {guest.person_id: guest.required for guest, invited in propose_guests(work, meeting) if invited}
    for attempt in range(len(HOURS)):
        starts_at = london_time(step.meeting_on, HOURS[(step.number + attempt) % len(HOURS)])
        booking = Booking(starts_at, starts_at + timedelta(hours=1), Mode.IN_PERSON, place=school)
        try:
            with player.stage.acting(SCHEDULING, staff_id(step.child.social_worker)) as work:
                meetings.arrange(work, meeting.id, meetings.Wish(booking, wanted), meeting.version)
        except Conflict as conflict:
            if conflict.code != "person_booked":
                raise
        else:
            return
    raise NotPossible(f"everybody for {step.child.row.name} is booked on {step.meeting_on}")


def _ask_times(player: Player, step: Step) -> None:
    """Ask those whom the authority invites which of some times suit, and let each see how many others can come."""
    meeting = player.meeting(step)
    with player.stage.acting(SCHEDULING, staff_id(step.child.social_worker)) as work:
        page = prepare_asking(work, meeting.id)
        wanted = {guest.person_id: guest.required for guest, invited in page.people if invited}
        times = tuple((slot.starts_at, slot.ends_at) for slot in page.slots[:4])
        ask_people(work, meeting.id, Asking(times, page.closes_on, wanted, shows_counts=True))


def _say_times(player: Player, step: Step) -> None:
    """Let school and carer say which times suit them; the others still have to."""
    meeting = player.meeting(step)
    yes, need, no = Choice.YES, Choice.IF_NEED_BE, Choice.NO
    said = {Role.DESIGNATED_TEACHER: (no, yes, yes, need), Role.CARER: (yes, yes, need, no)}
    for role, choices in said.items():
        with player.stage.acting(SCHEDULING, player.team(step)[role]) as work:
            proposals = own_question(work, meeting.id).poll.proposals
            answer_own(work, meeting.id, {one.id: choice for one, choice in zip(proposals, choices, strict=False)})


def _answer(player: Player, step: Step) -> None:
    said = {
        Role.SOCIAL_WORKER: Answer.ACCEPTED,
        Role.DESIGNATED_TEACHER: Answer.ACCEPTED,
        Role.CARER: Answer.ACCEPTED,
        Role.VIRTUAL_SCHOOL_CASEWORKER: Answer.ACCEPTED if step.number % 2 else Answer.TENTATIVE,
        Role.IRO: Answer.TENTATIVE if step.number % 3 else Answer.DECLINED,
    }
    _tell(player, step, said)


def _decline(player: Player, step: Step) -> None:
    _tell(player, step, {Role.CARER: Answer.ACCEPTED, Role.DESIGNATED_TEACHER: Answer.DECLINED})


def _tell(player: Player, step: Step, said: Mapping[Role, Answer]) -> None:
    for invitee in player.meeting(step).invitees:
        if Role(invitee.role) in said:
            with player.stage.acting(SCHEDULING, invitee.person_id) as work:
                answers.record_answer(work, invitee.id, said[Role(invitee.role)], by="link")


def _send_links(player: Player, step: Step) -> None:
    """Ask carer and child for their part before the meeting, those of them who have an address."""
    plan = player.plan(step)
    with player.stage.acting(PEP, staff_id(step.child.social_worker)) as work:
        for one in links.links_of(work, plan.id).candidates:
            if not one.problem:
                links.send_link(work, plan.id, one.purpose, one.member.person_id)


def _hold(player: Player, step: Step) -> None:
    meeting = player.meeting(step)
    came = [each.person_id for each in meeting.invitees if each.answer is not Answer.DECLINED]
    with player.stage.acting(SCHEDULING, staff_id(step.child.social_worker)) as work:
        child_came = any(each.role == Role.CHILD and each.person_id in came for each in meeting.invitees)
        conveyed = PARTS[child_came][step.number % len(PARTS[child_came])]
        account = Account((), Participation(child_came, conveyed), why_counted=WhyCounted.HEARD_BEFORE)
        meetings.record_held(work, meeting.id, came, meeting.version, account)


WRITTEN_LAST = frozenset({"wellbeing", "pupil_premium", "transition", "homework", "destination"})
"""The school's sections that are still to be written where a plan is nearly ready."""


def _write(player: Player, step: Step, author: str, wanted: Callable[[int, Section], bool]) -> None:
    plan = player.plan(step)
    done: set[str] = set()
    with player.stage.acting(PEP, author) as work:
        while True:  # an answer may bring up a section
            asked = enumerate(plans.parts_of(work, plan).form.sections)
            left = [one for place, one in asked if wanted(place, one) and one.key not in done]
            if not left:
                return
            for section in left:
                written = words.section_answers(section, step.child, step.number, step.on)
                sections.save_section(work, plan.id, section.key, written, 0)
                done.add(section.key)


def _write_care(player: Player, step: Step) -> None:
    author = staff_id(step.child.social_worker)
    _write(player, step, author, lambda _, section: section.owner is Role.SOCIAL_WORKER)
    _write(player, step, player.team(step)[Role.CARER], lambda _, section: section.owner is Role.CARER)


def _write_school(player: Player, step: Step) -> None:
    _write(player, step, player.school_author(step), lambda _, section: section.owner is Role.DESIGNATED_TEACHER)


def _write_half(player: Player, step: Step) -> None:
    _write(
        player,
        step,
        player.school_author(step),
        lambda _, section: section.owner is Role.DESIGNATED_TEACHER and section.key not in WRITTEN_LAST,
    )


def _set_targets(player: Player, step: Step) -> None:
    plan = player.plan(step)
    with player.stage.acting(PEP, player.school_author(step)) as work:
        for target in words.targets(step.child, plan.phase):
            entered = targets.TargetWords(
                category=Category(target.category),
                what=target.what,
                measure=target.measure,
                who=target.who,
                by_date=step.on + timedelta(days=91),
                how_often=target.how_often,
                cost_pence=target.cost_pence,
            )
            targets.add_target(work, plan.id, entered)


def _give_views(player: Player, step: Step) -> None:
    plan = player.plan(step)
    child = player.team(step).get(Role.CHILD)
    how = "" if child else "observed" if step.child.row.group < 1 else "talked"
    with player.stage.acting(PEP, child or staff_id(step.child.social_worker)) as work:
        views.save_views(work, plan.id, words.views(step.number), 0, how)


def _submit(player: Player, step: Step) -> None:
    plan = player.plan(step)
    with player.stage.acting(PEP, player.school_author(step)) as work:
        plans.submit_plan(work, plan.id, plan.version)


def _return(player: Player, step: Step) -> None:
    plan = player.plan(step)
    with player.stage.acting(VIRTUAL_SCHOOL, staff_id(step.child.caseworker)) as work:
        rating.rate_plan(
            work,
            plan.id,
            submission=plan.submission,
            rating=Rating.RED,
            reasons=("targets_not_smart", "carer"),
            decision=Decision.RETURN,
            feedback="A good start. Please say how often the tuition happens, and what the carer does at home.",
        )


def _approve(player: Player, step: Step) -> None:
    plan = player.plan(step)
    amber = step.number % 3 == 1
    with player.stage.acting(VIRTUAL_SCHOOL, staff_id(step.child.caseworker)) as work:
        rating.rate_plan(
            work,
            plan.id,
            submission=plan.submission,
            rating=Rating.AMBER if amber else Rating.GREEN,
            reasons=("leisure",) if amber else (),
            decision=Decision.APPROVE,
            feedback="Say more about the club next time." if amber else "",
        )


def _review(player: Player, step: Step) -> None:
    with player.stage.acting(PEP, staff_id(step.child.reviewing_officer)) as work:
        known = children_store.load(work.connection, player.child_id(step))
        children.record_review(work, known.id, known.version, step.on)


def _suspend(player: Player, step: Step) -> None:
    with player.stage.acting(VIRTUAL_SCHOOL, player.school_author(step)) as work:
        suspensions.record_suspension(
            work,
            player.child_id(step),
            starts_on=step.on,
            ends_on=step.on,
            sessions=2,
            permanent=False,
            reasons=("PP",) if step.number % 4 else ("DB", "VA"),
        )


def _answer_with_action(player: Player, step: Step) -> None:
    concern = player.concern(step)
    with player.stage.acting(PEP, staff_id(step.child.social_worker)) as work:
        concerns.answer_by_action(
            work,
            concern.id,
            action="Meet the head of year and the carer, and agree how the week starts.",
            owner_id=player.school_author(step),
            by_date=step.on + timedelta(days=14),
            seen_version=concern.version,
        )


def _answer_with_meeting(player: Player, step: Step) -> None:
    concern = player.concern(step)
    with player.stage.acting(PEP, staff_id(step.child.social_worker)) as work:
        concerns.answer_by_early_meeting(work, concern.id, concern.version)


def _lose_school(player: Player, step: Step) -> None:
    with player.stage.acting(PEP, staff_id(step.child.social_worker)) as work:
        known = children_store.load(work.connection, player.child_id(step))
        children.change_school(work, known.id, known.version, None, step.on)


def _leave_care(player: Player, step: Step) -> None:
    with player.stage.acting(PEP, staff_id(step.child.social_worker)) as work:
        known = children_store.load(work.connection, player.child_id(step))
        children.leave_care(work, known.id, known.version, step.on)


_ACTS: Mapping[Act, Callable[[Player, Step], None]] = {
    Act.ENTER_CARE: _enter_care,
    Act.ASK_TIMES: _ask_times,
    Act.SAY_TIMES: _say_times,
    Act.ARRANGE: _arrange,
    Act.ANSWER: _answer,
    Act.DECLINE: _decline,
    Act.SEND_LINKS: _send_links,
    Act.HOLD: _hold,
    Act.WRITE_CARE: _write_care,
    Act.WRITE_SCHOOL: _write_school,
    Act.WRITE_HALF: _write_half,
    Act.SET_TARGETS: _set_targets,
    Act.GIVE_VIEWS: _give_views,
    Act.SUBMIT: _submit,
    Act.RETURN: _return,
    Act.APPROVE: _approve,
    Act.REVIEW: _review,
    Act.SUSPEND: _suspend,
    Act.ANSWER_WITH_ACTION: _answer_with_action,
    Act.ANSWER_WITH_MEETING: _answer_with_meeting,
    Act.LOSE_SCHOOL: _lose_school,
    Act.LEAVE_CARE: _leave_care,
    Act.VISIT: reviewing.visit,
    Act.ARRANGE_REVIEW: reviewing.arrange_review,
    Act.HOLD_REVIEW: reviewing.hold_review,
    Act.RECORD_REVIEW: reviewing.record_review,
    Act.SETTLE_AGREED: reviewing.settle_agreed,
}

_CLOCK: Mapping[Act, tuple[int, int]] = {
    Act.ENTER_CARE: (8, 30),
    Act.ARRANGE: (8, 55),
    Act.ANSWER: (12, 0),
    Act.DECLINE: (12, 0),
    Act.HOLD: (17, 5),
    Act.ARRANGE_REVIEW: (9, 15),
    Act.HOLD_REVIEW: (17, 15),
}


def moment(step: Step) -> datetime:
    """Return when on its day a step happens; meetings lie between 9am and 5pm."""
    hour, minute = _CLOCK.get(step.act, (17, 30 + list(Act).index(step.act)))
    return london_time(step.on, hour, minute) + timedelta(seconds=7 * step.number)
