"""Asking people first: a poll of the times that are proposed for a meeting.

The life of a poll is one table, `TRANSITIONS`, as that of a meeting is. What somebody said in a poll is no answer to
an invitation; it only tells which of the times would do. Values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.scheduling.domain.meeting import Guest, Refusal
from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict, InvalidInput, NotFound

FEWEST_TIMES, MOST_TIMES = 2, 8


class PollState(StrEnum):
    """Where a poll stands."""

    OPEN = "open"
    CLOSED = "closed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"

    @property
    def is_live(self) -> bool:
        """Tell whether a time is still to be chosen."""
        return self in (PollState.OPEN, PollState.CLOSED)


class Intent(StrEnum):
    """What somebody wants to happen to a poll."""

    ANSWER = "answer"
    EXTEND = "extend"
    CLOSE = "close"
    DECIDE = "decide"
    WITHDRAW = "withdraw"


class Choice(StrEnum):
    """What somebody says of one time."""

    YES = "yes"
    IF_NEED_BE = "if_need_be"
    NO = "no"


_CLOSED = Refusal("poll_closed", "No more answers are taken: the closing date has passed.")
_DECIDED = Refusal("poll_decided", "No more answers are taken: the meeting has been arranged meanwhile.")
_WITHDRAWN = Refusal("poll_withdrawn", "These times are no longer asked about.")

TRANSITIONS: Mapping[tuple[PollState, Intent], PollState | Refusal] = {
    (PollState.OPEN, Intent.ANSWER): PollState.OPEN,
    (PollState.OPEN, Intent.EXTEND): PollState.OPEN,
    (PollState.OPEN, Intent.CLOSE): PollState.CLOSED,
    (PollState.OPEN, Intent.DECIDE): PollState.DECIDED,
    (PollState.OPEN, Intent.WITHDRAW): PollState.WITHDRAWN,
    (PollState.CLOSED, Intent.ANSWER): _CLOSED,
    (PollState.CLOSED, Intent.EXTEND): PollState.OPEN,
    (PollState.CLOSED, Intent.CLOSE): PollState.CLOSED,
    (PollState.CLOSED, Intent.DECIDE): PollState.DECIDED,
    (PollState.CLOSED, Intent.WITHDRAW): PollState.WITHDRAWN,
    **{(PollState.DECIDED, intent): _DECIDED for intent in Intent},
    **{(PollState.WITHDRAWN, intent): _WITHDRAWN for intent in Intent},
}


def follow(state: PollState, intent: Intent) -> PollState:
    """Return the state that follows; raises `Conflict` with the named refusal where nothing may."""
    outcome = TRANSITIONS[state, intent]
    if isinstance(outcome, Refusal):
        raise Conflict(outcome.code, outcome.message, state=state.value, intent=intent.value)
    return outcome


@dataclass(frozen=True, slots=True)
class Proposal:
    """One time that is asked about (aware UTC instants)."""

    id: str
    starts_at: datetime
    ends_at: datetime

    @property
    def day(self) -> date:
        """Return the day of the proposed time in England."""
        return london_date(self.starts_at)


@dataclass(frozen=True, slots=True)
class Respondent:
    """Somebody who is asked; `choices` say what they said of each proposal, by its id: of all of them or of none.

    `answered_by` is link, page or worker. `reminded_at` is when they were reminded, which happens at most once.
    """

    id: str
    person_id: str
    role: str
    name: str
    email: str
    required: bool
    choices: Mapping[str, Choice]
    comment: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    reminded_at: datetime | None = None

    @property
    def has_answered(self) -> bool:
        """Tell whether they said what they think of the times."""
        return self.answered_at is not None


@dataclass(frozen=True, slots=True)
class Poll:
    """The times proposed for a meeting and what people said of them, in the order of the times.

    Answers are taken until the end of the day `closes_on`. `shows_counts`: those who are asked see how many others can
    come, nobody's name. `chosen` is the id of the proposal that was taken; empty where another time was.
    """

    id: str
    meeting_id: str
    opened_at: datetime
    opened_by: str
    closes_on: date
    proposals: tuple[Proposal, ...]
    respondents: tuple[Respondent, ...]
    shows_counts: bool = False
    state: PollState = PollState.OPEN
    ended_at: datetime | None = None
    chosen: str = ""
    told_answered_at: datetime | None = None

    def respondent(self, respondent_id: str) -> Respondent:
        """Return one of those who are asked; raises `NotFound`."""
        for each in self.respondents:
            if each.id == respondent_id:
                return each
        raise NotFound("respondent_not_found", "That person is not asked about these times.")

    def respondent_of(self, person_ids: Set[str]) -> Respondent:
        """Return somebody who is asked by who they are; raises `NotFound`."""
        for each in self.respondents:
            if each.person_id in person_ids:
                return each
        raise NotFound("respondent_not_found", "You are not asked about times for this meeting.")

    def proposal_at(self, starts_at: datetime) -> Proposal | None:
        """Return the proposal that begins at an instant, if there is one."""
        return next((one for one in self.proposals if one.starts_at == starts_at), None)

    @property
    def silent(self) -> tuple[Respondent, ...]:
        """Return those who have not answered."""
        return tuple(each for each in self.respondents if not each.has_answered)

    @property
    def all_answered(self) -> bool:
        """Tell whether everybody who is asked has answered, and anybody is asked at all."""
        return bool(self.respondents) and not self.silent


@dataclass(frozen=True, slots=True)
class Question:
    """What the worker wants to ask: which times, until when, whom (guests of the meeting), and what others may see."""

    times: tuple[tuple[datetime, datetime], ...]
    closes_on: date
    guests: tuple[Guest, ...]
    shows_counts: bool = False


def ask(poll_id: str, meeting_id: str, question: Question, ids: Iterable[str], asker: str, now: datetime) -> Poll:
    """Return a new poll; raises `InvalidInput` naming the field for one that cannot be meant.

    `ids` supplies ids for proposals and respondents. `asker` is the id of the person who asks: that they chose the
    times says that these suit them.
    """
    fresh = iter(ids)
    times = sorted(set(question.times))
    _check_question(question, times, now)
    proposals = tuple(Proposal(next(fresh), starts_at, ends_at) for starts_at, ends_at in times)
    suits = {one.id: Choice.YES for one in proposals}
    return Poll(
        id=poll_id,
        meeting_id=meeting_id,
        opened_at=now,
        opened_by=asker,
        closes_on=question.closes_on,
        proposals=proposals,
        respondents=tuple(
            Respondent(
                next(fresh), one.person_id, one.role, one.name, one.email, one.required, suits, "", now, "worker"
            )
            if one.person_id == asker
            else Respondent(next(fresh), one.person_id, one.role, one.name, one.email, one.required, {})
            for one in question.guests
        ),
        shows_counts=question.shows_counts,
    )


def _check_question(question: Question, times: list[tuple[datetime, datetime]], now: datetime) -> None:
    errors: dict[str, list[str]] = {}
    if not FEWEST_TIMES <= len(times) <= MOST_TIMES:
        errors["times"] = [f"Choose between {FEWEST_TIMES} and {MOST_TIMES} times"]
    elif any(starts_at <= now for starts_at, _ in times):
        errors["times"] = ["Choose times in the future"]
    elif any(not 15 <= (ends_at - starts_at).total_seconds() / 60 <= 240 for starts_at, ends_at in times):
        errors["minutes"] = ["A meeting lasts between 15 minutes and 4 hours"]
    if not question.guests:
        errors["invite"] = ["Choose at least one person to ask"]
    errors |= _closing_errors(question.closes_on, [starts_at for starts_at, _ in times if starts_at > now], now)
    if errors:
        raise InvalidInput(errors)


def _closing_errors(closes_on: date, starts: Iterable[datetime], now: datetime) -> dict[str, list[str]]:
    if closes_on < london_date(now):
        return {"closes_on": ["The closing date must be today or later"]}
    if any(london_date(starts_at) <= closes_on for starts_at in starts):
        return {"closes_on": ["The closing date must be before the first of the times"]}
    return {}


def answer(
    poll: Poll, respondent_id: str, choices: Mapping[str, Choice], by: str, now: datetime, comment: str = ""
) -> Poll:
    """Record what somebody says of every time; they may change it as long as answers are taken.

    Raises `Conflict` when no answers are taken, `InvalidInput` (by the id of the proposal) where one is left out.
    """
    who = poll.respondent(respondent_id)
    follow(poll.state, Intent.ANSWER)
    missing = [one.id for one in poll.proposals if one.id not in choices]
    if missing:
        raise InvalidInput({each: ["Say whether this time suits"] for each in missing})
    said = {one.id: choices[one.id] for one in poll.proposals}
    return _with(poll, replace(who, choices=said, comment=comment, answered_at=now, answered_by=by))


def extend(poll: Poll, closes_on: date, now: datetime) -> Poll:
    """Give people until another day, also after the closing date has passed."""
    state = follow(poll.state, Intent.EXTEND)
    if errors := _closing_errors(closes_on, [one.starts_at for one in poll.proposals], now):
        raise InvalidInput(errors)
    return replace(poll, state=state, closes_on=closes_on, ended_at=None)


def close(poll: Poll, now: datetime) -> Poll:
    """Take no more answers."""
    state = follow(poll.state, Intent.CLOSE)
    return poll if poll.state is state else replace(poll, state=state, ended_at=now)


def decide(poll: Poll, starts_at: datetime, now: datetime) -> Poll:
    """End a poll because the meeting has a time: one of the proposed or another."""
    taken = poll.proposal_at(starts_at)
    return replace(poll, state=follow(poll.state, Intent.DECIDE), ended_at=now, chosen=taken.id if taken else "")


def withdraw(poll: Poll, now: datetime) -> Poll:
    """End a poll of which nothing came."""
    return replace(poll, state=follow(poll.state, Intent.WITHDRAW), ended_at=now)


def leave_out(poll: Poll, respondent_id: str, instead: Respondent | None = None) -> Poll:
    """Ask somebody no more, with what they said; `instead` is asked in their place."""
    others = tuple(each for each in poll.respondents if each.id != respondent_id)
    return replace(poll, respondents=others if instead is None else (*others, instead))


def note_reminded(poll: Poll, respondent_id: str, now: datetime) -> Poll:
    """Note that somebody was reminded."""
    return _with(poll, replace(poll.respondent(respondent_id), reminded_at=now))


def note_told(poll: Poll, now: datetime) -> Poll:
    """Note that the worker was told that everybody has answered."""
    return replace(poll, told_answered_at=now)


def _with(poll: Poll, changed: Respondent) -> Poll:
    return replace(poll, respondents=tuple(changed if each.id == changed.id else each for each in poll.respondents))
