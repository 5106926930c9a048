"""What the page of a meeting shows of holding it together, as far as the person who looks may see it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.scheduling.adapters import held_store, unwanted_store
from services.scheduling.application.chasing import Chase, chase_of
from services.scheduling.application.lookup import policy_for, standing_to
from services.scheduling.application.replanning import Replanning, replanning_of
from services.scheduling.application.short_notice import is_at_short_notice
from services.scheduling.application.unwanted import SAY, unwanted_among
from services.scheduling.domain.holding import HowItWent
from services.scheduling.domain.meeting import Answer, Guest, Invitee, Kind, Meeting
from services.scheduling.domain.quorum import Lacking, Quorum, what_lacks
from shared.platform.work import Work

READ = "scheduling.meeting.read"


@dataclass(frozen=True, slots=True)
class Together:
    """What holds a meeting together: the quorum, what those who have not said no lack of it, and how it went.

    `chase` is for everybody who may read the meeting; whom to `ring` and the ways out for those who may arrange it.
    `unwanted` are the invited whom the child does not want there, with why they are invited, for those who may know it.
    """

    quorum: Quorum
    lacking: Lacking
    went: HowItWent | None
    chase: Chase
    ring: tuple[Invitee, ...]
    replanning: Replanning | None
    at_short_notice: bool
    unwanted: tuple[tuple[str, str], ...]
    may_say_unwanted: bool


def look_together(work: Work, meeting: Meeting) -> Together:
    """Return it for a meeting that the actor may read; what they may not see of how it went is absent."""
    seen = standing_to(work, meeting)
    quorum = policy_for(work, meeting).quorum
    coming = [each.role for each in meeting.invitees if each.answer is not Answer.DECLINED]
    went = held_store.load(work.connection, meeting.id) if seen.may(READ, "went") else None
    if went is not None and not seen.may(READ, "review_comments" if meeting.kind is Kind.REVIEW else "comments"):
        went = replace(went, note="")
    chase = chase_of(work, meeting)
    arranges = seen.may("scheduling.meeting.arrange", meeting.kind.value)
    return Together(
        quorum=quorum,
        lacking=what_lacks(quorum, coming),
        went=went,
        chase=chase,
        ring=chase.ring if arranges else (),
        replanning=replanning_of(work, meeting) if arranges else None,
        at_short_notice=is_at_short_notice(work, meeting),
        unwanted=_unwanted(work, meeting),
        may_say_unwanted=seen.may(SAY),
    )


def _unwanted(work: Work, meeting: Meeting) -> tuple[tuple[str, str], ...]:
    """Return the invited people whom the child does not want there, with why they are invited nevertheless."""
    guests = [Guest(each.person_id, each.role, each.name, each.email, each.required) for each in meeting.invitees]
    against = unwanted_among(work, meeting.child_id, guests)
    if not against:
        return ()
    reasons = unwanted_store.reasons_of(work.connection, meeting.id)
    return tuple((guest.name, reasons.get(guest.person_id, ("",))[0]) for guest in guests if guest.person_id in against)
