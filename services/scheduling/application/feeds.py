"""Calendar feeds: private addresses that a calendar program asks every so often, made and taken back by their owner.

What a feed tells is worked out each time as for its owner today: a child whose team they left is gone from it, and so
is everything once they are no longer here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.scheduling.adapters import feeds_store, history_store, meetings_store
from services.scheduling.adapters.feed_writer import write_feed, write_free_busy
from services.scheduling.application.worklist import READ, lines_between
from services.scheduling.domain.busy import Busy
from services.scheduling.domain.feeds import AHEAD, BEHIND, BUSY_AHEAD, Feed, FeedKind, entry_of, merged
from services.scheduling.domain.meeting import Answer, Meeting
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.kernel.errors import InvalidInput, NotFound
from shared.kernel.ids import new_id, new_secret
from shared.platform import roster
from shared.platform.access import Actor, actor_for, may, note_link_use, permit
from shared.platform.work import Work

KEEP_OWN, KEEP_SCHOOL = "scheduling.feed.keep_own", "scheduling.feed.keep_school"
NAMES = {FeedKind.MINE: "Education meetings", FeedKind.SCHOOL: "Education meetings at school", FeedKind.BUSY: "Busy"}
SHOWS = ("arranged", "moved", "changed", "put_back", "restored", "held")
"""The lines of a meeting's history after which a feed may say something else."""
MOST = 20


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed that was just made, with its address: it cannot be read again later."""

    feed: Feed
    address: str


@dataclass(frozen=True, slots=True)
class FeedUse:
    """A feed that is asked for, and its owner as an actor: open the unit of work that reads it as them."""

    feed: Feed
    owner: Actor


def own_feeds(work: Work) -> list[Feed]:
    """Return the actor's feeds, the oldest first."""
    permit(work, KEEP_OWN)
    return feeds_store.of_person(work.connection, work.actor.person_id)


def kinds_to_have(work: Work) -> tuple[FeedKind, ...]:
    """Return the kinds of feed that the actor may have."""
    has_school = may(work, KEEP_SCHOOL) and bool(work.actor.school_urn)
    return tuple(kind for kind in FeedKind if kind is not FeedKind.SCHOOL or has_school)


def make_feed(work: Work, kind: FeedKind) -> NewFeed:
    """Make a feed of a kind; raises `Denied` where the actor may not have it, `InvalidInput` beyond twenty."""
    permit(work, KEEP_SCHOOL if kind is FeedKind.SCHOOL else KEEP_OWN)
    if kind not in kinds_to_have(work):
        raise InvalidInput({"kind": ["Your record names no school. Ask the Virtual School to put that right."]})
    if len(feeds_store.of_person(work.connection, work.actor.person_id)) >= MOST:
        raise InvalidInput({"kind": [f"You have {MOST} calendar addresses. Stop one that you no longer use first."]})
    records = tuple(one.person_id for one in work.actor.records)
    made = Feed(new_id(), work.actor.person_id, records, kind, work.now)
    secret = new_secret()
    feeds_store.add(work.connection, made, secret)
    ending = "ifb" if kind is FeedKind.BUSY else "ics"
    return NewFeed(made, work.settings.address_of("scheduling", f"/feed/{secret}.{ending}"))


def stop_feed(work: Work, feed_id: str) -> None:
    """Take one of the actor's feeds back: its address works no more; raises `NotFound` where there is none such."""
    permit(work, KEEP_OWN)
    if not feeds_store.forget(work.connection, work.actor.person_id, feed_id):
        raise NotFound("feed_not_found", "There is no such calendar address, or it was stopped already.")


def find_feed(work: Work, secret: str) -> FeedUse:
    """Return the feed of a secret with its owner; raises `NotFound` for one that is unknown, stopped or of nobody here.

    Of a designated teacher whom several authorities have recorded, those records count that still share a desk.
    """
    found = feeds_store.with_secret(work.connection, secret)
    known = roster.people_by_id(work.connection, found.records) if found else {}
    owner = known.get(found.person_id) if found else None
    if found is None or owner is None or not owner.active:
        raise NotFound("feed_not_found", "This calendar address is no longer in use.")
    others = [one for one in known.values() if one.id != owner.id and roster.share_a_desk(owner, one)]
    return FeedUse(found, actor_for(owner, others))


def read_feed(work: Work, feed: Feed) -> bytes:
    """Return a feed as iCalendar, as its owner, who is the actor, may see it today."""
    permit(work, KEEP_SCHOOL if feed.kind is FeedKind.SCHOOL else KEEP_OWN)
    if feed.kind is FeedKind.BUSY:
        return _busy(work, feed)
    first, last = work.now - BEHIND, work.now + AHEAD
    school = work.actor.school_urn or ""
    if feed.kind is FeedKind.SCHOOL:
        lines = lines_between(work, first, last, school_urn=school) if school else []
        meetings = [line.meeting for line in lines]
    else:
        lines = lines_between(work, first, last, invited=True)
        meetings = [line.meeting for line in lines if _comes(work, line.meeting)]
    changed = history_store.last_changes(work.connection, [one.id for one in meetings], SHOWS)
    entries = [entry_of(feed, one, one.booking, changed.get(one.id, feed.made_at)) for one in meetings if one.booking]
    for child_id in dict.fromkeys(one.child_id for one in meetings):
        note_link_use(work, work.actor, _role(work.actor), READ, child_id)
    return write_feed(NAMES[feed.kind], entries)


def _busy(work: Work, feed: Feed) -> bytes:
    """Return when the actor has meetings, from this morning on: the same bytes all day while nothing changes."""
    first = london_time(work.today, 0)
    last = london_time(work.today + timedelta(days=BUSY_AHEAD.days), 0)
    booked = meetings_store.booked(work.connection, work.actor.person_ids, first, last)
    times = merged(Busy(one.starts_at, one.ends_at) for meetings in booked.values() for one in meetings)
    return write_free_busy(NAMES[feed.kind], feed.id, first, last, times)


def _comes(work: Work, meeting: Meeting) -> bool:
    mine = [each for each in meeting.invitees if each.person_id in work.actor.person_ids]
    return any(each.answer is not Answer.DECLINED for each in mine)


def _role(actor: Actor) -> str:
    return next((role.value for role in Role if role in actor.kinds), "")
