"""What people say of the times they are asked about: on their page, by their personal link, or told to a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.scheduling.adapters import meetings_store, polls_links_store, polls_store
from services.scheduling.application.lookup import note
from services.scheduling.application.parents import kept_away
from services.scheduling.application.polls import ASK, find_poll
from services.scheduling.application.polls_ends import note_all_answered
from services.scheduling.domain import polls
from services.scheduling.domain.meeting import Meeting
from services.scheduling.domain.polls import Choice, Poll, Respondent
from shared.contracts.roles import Role
from shared.kernel.errors import NotFound
from shared.platform import roster
from shared.platform.access import Actor, actor_for, note_link_use
from shared.platform.work import Work

ANSWER = "scheduling.poll.answer"
LONGEST_COMMENT = 1000


@dataclass(frozen=True, slots=True)
class AskedOfOne:
    """The times that one person is asked about; `polls_results.counts_for` tells how much of others may be shown."""

    meeting: Meeting
    poll: Poll
    respondent: Respondent


def own_question(work: Work, meeting_id: str) -> AskedOfOne:
    """Return what the actor is asked about a meeting; raises `NotFound` where they are not asked, and `Denied`."""
    meeting, poll = find_poll(work, meeting_id, ANSWER)
    return AskedOfOne(meeting, poll, poll.respondent_of(work.actor.person_ids))


def answer_own(work: Work, meeting_id: str, choices: Mapping[str, Choice], comment: str = "") -> AskedOfOne:
    """Record what the actor says of the times; raises as `own_question`, `InvalidInput` and `Conflict`."""
    asked = own_question(work, meeting_id)
    return _record(work, asked, choices, "page", comment)


def record_told_choices(
    work: Work, meeting_id: str, respondent_id: str, choices: Mapping[str, Choice], comment: str = ""
) -> AskedOfOne:
    """Record what somebody told the worker of the times, by telephone or in person."""
    meeting, poll = find_poll(work, meeting_id, ASK)
    asked = AskedOfOne(meeting, poll, poll.respondent(respondent_id))
    return _record(work, asked, choices, "worker", comment)


def open_poll_link(work: Work, secret: str) -> AskedOfOne:
    """Return what a personal link asks; raises `NotFound` when it is unknown, expired or asks no more.

    A parent who is not to be invited any more, today or on one of the days, is not asked either.
    """
    asked = _behind(work, secret)
    note_link_use(work, _by_link(asked), asked.respondent.role, "scheduling.poll_link.read", asked.meeting.child_id)
    return asked


def answer_by_poll_link(work: Work, secret: str, choices: Mapping[str, Choice], comment: str = "") -> AskedOfOne:
    """Record what somebody says of the times on the page behind their personal link."""
    asked = _behind(work, secret)
    note_link_use(work, _by_link(asked), asked.respondent.role, "scheduling.poll_link.answer", asked.meeting.child_id)
    return _record(work, asked, choices, "link", comment)


def poll_link_actor(work: Work, secret: str) -> Actor:
    """Return the holder of a personal link as an actor; raises `NotFound` as `open_poll_link`."""
    asked = _behind(work, secret)
    person = roster.person(work.connection, asked.respondent.person_id)
    return _by_link(asked) if person is None else actor_for(person)


def _behind(work: Work, secret: str) -> AskedOfOne:
    holder = polls_links_store.holder_of(work.connection, secret, work.now)
    poll = polls_store.load(work.connection, holder.poll_id) if holder else None
    meeting = meetings_store.load(work.connection, poll.meeting_id) if poll else None
    if holder is None or poll is None or meeting is None:
        raise NotFound("link_not_known", "This link is no longer in use.")
    asked = AskedOfOne(meeting, poll, poll.respondent(holder.respondent_id))
    if asked.respondent.role == Role.PARENT:
        days = {work.today, *(one.day for one in poll.proposals)}
        if any(asked.respondent.person_id in kept_away(work, meeting.child_id, day) for day in days):
            raise NotFound("link_not_known", "This link is no longer in use.")
    return asked


def _by_link(asked: AskedOfOne) -> Actor:
    who = asked.respondent
    return Actor(who.person_id, who.name, frozenset({Role(who.role)}), "", asked.meeting.authority)


def _record(work: Work, asked: AskedOfOne, choices: Mapping[str, Choice], by: str, comment: str) -> AskedOfOne:
    before = polls_store.to_be_changed(work.connection, asked.poll.id)
    assert before is not None  # noqa: S101 - polls are never deleted but with the whole record
    said = comment.strip()[:LONGEST_COMMENT]
    after = polls.answer(before, asked.respondent.id, choices, by, work.now, said)
    was, who = before.respondent(asked.respondent.id), after.respondent(asked.respondent.id)
    if (was.choices, was.comment) == (who.choices, who.comment):
        return AskedOfOne(asked.meeting, before, was)
    after = note_all_answered(work, asked.meeting, after)
    polls_store.save(work.connection, before, after)
    note(work, asked.meeting, "poll_answered", role=who.role, name=who.name, by=by)
    return AskedOfOne(asked.meeting, after, who)
