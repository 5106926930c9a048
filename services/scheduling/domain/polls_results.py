"""What came of a poll: which time suits best, what speaks for and against one, and how much of it others may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.scheduling.domain.judging import Point
from services.scheduling.domain.polls import Choice, Poll, PollState, Proposal, Respondent, leave_out

ENOUGH_OTHERS = 3
"""Fewer than so many answers of others would tell who said what, so nothing is counted before."""
_POINTS_FOR_REQUIRED = 3


@dataclass(frozen=True, slots=True)
class Tally:
    """How one time stands: how many said what of it, and who must be there and cannot."""

    proposal: Proposal
    yes: int
    if_need_be: int
    no: int
    silent: int
    cannot: tuple[Respondent, ...]
    points: int


def ranked(poll: Poll) -> tuple[Tally, ...]:
    """Return how every time stands, best first.

    A time that somebody cannot make who must be there comes after all that have nobody such. Then what people said
    counts, of those who must be there three times as much: a yes twice as much as an if-need-be. The sooner comes first
    where that is the same.
    """
    found = [_tally(poll, one) for one in poll.proposals]
    return tuple(sorted(found, key=lambda one: (len(one.cannot), -one.points, one.no, one.proposal.starts_at)))


def _tally(poll: Poll, proposal: Proposal) -> Tally:
    said = [(each, each.choices.get(proposal.id)) for each in poll.respondents]
    counts = {choice: sum(1 for _, one in said if one is choice) for choice in (*Choice, None)}
    worth = {Choice.YES: 2, Choice.IF_NEED_BE: 1}
    return Tally(
        proposal=proposal,
        yes=counts[Choice.YES],
        if_need_be=counts[Choice.IF_NEED_BE],
        no=counts[Choice.NO],
        silent=counts[None],
        cannot=tuple(each for each, one in said if each.required and one is Choice.NO),
        points=sum(worth[one] * (_POINTS_FOR_REQUIRED if each.required else 1) for each, one in said if one in worth),
    )


def counts_for(poll: Poll, respondent_id: str) -> Mapping[str, Tally] | None:
    """Return how the others stand to each time, by the proposal's id, as somebody who is asked may see it.

    None unless the worker allowed it, and until so many others have answered that no number tells of one person.
    """
    others = leave_out(poll, respondent_id)
    if not poll.shows_counts or sum(each.has_answered for each in others.respondents) < ENOUGH_OTHERS:
        return None
    return {one.id: _tally(others, one) for one in poll.proposals}


def points_of(poll: Poll, starts_at: datetime) -> tuple[Point, ...]:
    """Return what people said of a time as points for and against it; none of a time that they were not asked about."""
    taken = poll.proposal_at(starts_at)
    if taken is None or poll.state is PollState.WITHDRAWN:
        return ()
    tally = _tally(poll, taken)
    against = [_against(each) for each in poll.respondents if each.choices.get(taken.id) is Choice.NO]
    if not tally.yes + tally.if_need_be:
        return tuple(against)
    can = f"{tally.yes} of the {len(poll.respondents)} people who were asked can come"
    need = f", and {tally.if_need_be} more if need be" if tally.if_need_be else ""
    return (*against, Point("asked_suits", f"{can}{need}", True))


def _against(who: Respondent) -> Point:
    if who.required:
        return Point("asked_required_no", f"{who.name} said that this time does not suit, and must be there", False)
    return Point("asked_optional_no", f"{who.name} said that this time does not suit", False)
