"""All that scheduling has of a child, for a copy of the record: the meetings, who was asked, what they answered."""

from __future__ import annotations

from collections.abc import Iterator

from services.scheduling.adapters import (
    agenda_store,
    children_store,
    held_store,
    history_store,
    lessons_store,
    mail_in_store,
    mail_queue,
    meetings_store,
    polls_store,
    term_plan_store,
    unwanted_store,
)
from services.scheduling.application.unwanted import NEVERTHELESS, leave_out_own
from services.scheduling.domain.meeting import Meeting, Mode
from services.scheduling.entrypoints.polls_wording import CHOICES, POLL_STATES
from services.scheduling.entrypoints.term_words import LINE_STATES
from services.scheduling.entrypoints.wording import (
    ANSWERED_BY,
    ANSWERS,
    CANCEL_REASONS,
    MAIL_ACTS,
    MAIL_STATES,
    MODES,
    WHY_COUNTED_SHOWN,
    lacking,
    lesson_in_words,
    meeting_title,
    role_title,
    timeline,
    when,
    why_meeting,
)
from shared.kernel.clock import london_date
from shared.platform import roster
from shared.platform.chronology import Entry, entry
from shared.platform.web.filters import day, moment
from shared.platform.work import Work


def chronology(work: Work, child_id: str) -> list[Entry]:
    """Return everything that scheduling has of a child; the caller has asked the access policy."""
    meetings = meetings_store.of_children(work.connection, [child_id])
    names = roster.people_by_id(work.connection, {one for meeting in meetings for one in meeting.attended})
    found = [*_known_here(work, child_id), *_drafted(work, child_id), *_unwanted(work, child_id)]
    for meeting in meetings:
        came = ", ".join(sorted(names[one].name for one in meeting.attended if one in names))
        found += [_meeting(meeting, came), *_invitees(work, meeting), *_went(work, meeting)]
        found += [*_agenda(work, meeting), *_polls(work, meeting)]
        found += [*_happenings(work, meeting), *_nevertheless(work, meeting), *_mails(work, meeting)]
    return found


def _known_here(work: Work, child_id: str) -> Iterator[Entry]:
    child = children_store.load_child(work.connection, child_id)
    if child is not None:
        yield entry("child", work.today, "What meetings are arranged by today", "child", name=child.name)
    for one in lessons_store.of_children(work.connection, [child_id]).get(child_id, ()):
        yield entry(
            f"lesson/{one.id}",
            london_date(one.recorded_at),
            "A lesson that meetings should keep clear of",
            "lesson",
            what=one.what,
            when=lesson_in_words(one),
            why="The child's wish" if one.childs_wish else "Should not be missed",
            never="Yes" if one.never else "No",
            who=one.recorded_by,
        )


def _drafted(work: Work, child_id: str) -> Iterator[Entry]:
    for line in term_plan_store.of_child(work.connection, child_id):
        plan = term_plan_store.load(work.connection, line.term_plan_id)
        if plan is not None:
            yield entry(
                f"term_placement/{line.term_plan_id}/{line.meeting_id}/{line.version}",
                london_date(plan.made_at),
                "In a draft of the term",
                "term_placement",
                made_by=plan.made_by_name,
                state=LINE_STATES[line.state][0],
                when=when(line.starts_at, line.ends_at) if line.starts_at and line.ends_at else "",
                not_arranged_because=line.refusal,
            )


def _unwanted(work: Work, child_id: str) -> Iterator[Entry]:
    """Return whom the child does not want at meetings; whoever prepares a copy never reads one about themself."""
    for one in leave_out_own(work, child_id, unwanted_store.of_children(work.connection, [child_id])[child_id]):
        yield entry(
            f"unwanted/{one.id}",
            london_date(one.said_at),
            "Somebody the child does not want at meetings",
            "unwanted_person",
            name=one.name,
            why=one.why,
            who=one.said_by_name,
        )


def _nevertheless(work: Work, meeting: Meeting) -> Iterator[Entry]:
    names = {each.person_id: each.name for each in meeting.invitees}
    for person_id, (why, decided_by, at) in unwanted_store.reasons_of(work.connection, meeting.id).items():
        if person_id not in work.actor.person_ids:
            yield entry(
                f"nevertheless/{meeting.id}/{person_id}",
                london_date(at),
                "Invited although the child does not want them there",
                "invited_nevertheless",
                name=names.get(person_id, ""),
                why=why,
                who=decided_by,
            )


def _meeting(meeting: Meeting, came: str) -> Entry:
    booking = meeting.booking
    return entry(
        f"meeting/{meeting.id}/{meeting.version}",
        booking.day if booking else meeting.asked_on,
        meeting_title(meeting),
        "meeting",
        why=why_meeting(meeting),
        to_be_held_by=day(meeting.meet_by),
        state=meeting.state.value.replace("_", " ").capitalize(),
        when=when(booking.starts_at, booking.ends_at) if booking else "",
        how=MODES[booking.mode] if booking else "",
        place=booking.place if booking else "",
        joining_link=booking.joining_link if booking else "",
        who_came=came,
        outcome=CANCEL_REASONS.get(meeting.outcome, meeting.outcome),
    )


def _invitees(work: Work, meeting: Meeting) -> Iterator[Entry]:
    people = roster.people_by_id(work.connection, {one.stands_in_for for one in meeting.invitees})
    names = {person_id: person.name for person_id, person in people.items()}
    for one in meeting.invitees:
        asked_on = meeting.booking.day if meeting.booking else meeting.asked_on
        yield entry(
            f"invitee/{one.id}/{meeting.version}",
            london_date(one.answered_at) if one.answered_at else asked_on,
            f"Invited to the {meeting_title(meeting)}",
            "invitee",
            who=f"{one.name}, {role_title(one.role)}",
            email=one.email,
            must_be_there="Yes" if one.required else "No",
            answer=ANSWERS.get(one.answer, "Has not answered"),
            answered=ANSWERED_BY.get(one.answered_by, one.answered_by),
            comment=one.comment,
            in_the_stead_of=names.get(one.stands_in_for, ""),
            takes_part=MODES[Mode(one.joins)] if one.joins else "",
        )


def _went(work: Work, meeting: Meeting) -> Iterator[Entry]:
    went = held_store.load(work.connection, meeting.id)
    if went is None or meeting.booking is None:
        return
    names = {each.person_id: each.name for each in meeting.invitees}
    yield entry(
        f"went/{meeting.id}",
        meeting.booking.day,
        f"How the {meeting_title(meeting)} went",
        "meeting_held",
        everybody_there_who_had_to_be="Yes" if went.quorate else f"No: {lacking(went.lacking)}",
        why_it_counts=WHY_COUNTED_SHOWN.get(went.why_counted, ""),
        note=went.note,
        apologies=", ".join(names[one] for one in went.apologies if one in names),
        did_not_come=", ".join(names[one] for one in went.no_shows if one in names),
        how_the_child_took_part=went.participation.code.words if went.participation else "",
        code=went.participation.code.value if went.participation else "",
    )


def _agenda(work: Work, meeting: Meeting) -> Iterator[Entry]:
    title = f"What was to be talked about at the {meeting_title(meeting)}"
    for one in agenda_store.points_of(work.connection, meeting.id):
        yield entry(
            f"agenda_point/{one.id}",
            london_date(one.at),
            title,
            "agenda_point",
            who=f"{one.name}, {role_title(one.role)}",
            what=one.text,
            for_whom="The social worker alone" if one.is_private else "Everybody invited",
        )
    starter = agenda_store.starter_of(work.connection, meeting.id)
    if starter:
        asked_on = meeting.booking.day if meeting.booking else meeting.asked_on
        yield entry(f"agenda_start/{meeting.id}", asked_on, title, "agenda_start", who_starts=role_title(starter))


def _polls(work: Work, meeting: Meeting) -> Iterator[Entry]:
    """Return the times that people were asked about ("poll_proposal" is in each) and what each of them said."""
    for poll in polls_store.of_meeting(work.connection, meeting.id):
        times = [when(one.starts_at, one.ends_at) for one in poll.proposals]
        asked_on, title = london_date(poll.opened_at), f"Which times suit for the {meeting_title(meeting)}"
        yield entry(
            f"poll/{poll.id}/{poll.state}",
            asked_on,
            title,
            "poll",
            times="; ".join(times),
            until=day(poll.closes_on),
            state=POLL_STATES[poll.state][0],
            taken="; ".join(time for one, time in zip(poll.proposals, times, strict=True) if one.id == poll.chosen),
        )
        for each in poll.respondents:
            said = [(time, each.choices.get(one.id)) for one, time in zip(poll.proposals, times, strict=True)]
            yield entry(
                f"poll_respondent/{each.id}/{int(each.answered_at.timestamp()) if each.answered_at else 0}",
                london_date(each.answered_at) if each.answered_at else asked_on,
                title,
                "poll_respondent",
                who=f"{each.name}, {role_title(each.role)}",
                email=each.email,
                said="; ".join(f"{time}: {CHOICES[choice]}" for time, choice in said if choice) or "Has not answered",
                answered=ANSWERED_BY.get(each.answered_by, each.answered_by),
                comment=each.comment,
            )


def _happenings(work: Work, meeting: Meeting) -> Iterator[Entry]:
    kept = (one for one in reversed(history_store.load(work.connection, meeting.id)) if one.what != NEVERTHELESS)
    lines = timeline(tuple(kept))
    for number, line in enumerate(lines, 1):
        yield entry(
            f"happening/{meeting.id}/{number}",
            london_date(line["at"]),
            "What happened to a meeting",
            "meeting_history",
            what=line["title"],
            more=line["text"],
            who=line["by"],
        )


def _mails(work: Work, meeting: Meeting) -> Iterator[Entry]:
    for sent in mail_queue.of_meeting(work.connection, meeting.id):
        yield entry(
            f"mail-out/{sent.id}/{sent.state}",
            london_date(sent.sent_at or sent.queued_at),
            "A mail of ours about a meeting",
            "mail_out",
            what=MAIL_ACTS.get(sent.act, sent.act),
            to=sent.recipient,
            subject=sent.subject,
            state=MAIL_STATES[sent.state][0] if sent.state in MAIL_STATES else sent.state,
        )
    for received in mail_in_store.of_meeting(work.connection, meeting.id):
        proposed = received.proposed_start
        yield entry(
            f"mail-in/{received.id}/{received.outcome}",
            london_date(received.received_at),
            "A mail to us about a meeting",
            "mail_in",
            sender=received.sender,
            subject=received.subject,
            answer=received.answer,
            comment=received.comment,
            proposed_time=moment(proposed) if proposed else "",
        )
