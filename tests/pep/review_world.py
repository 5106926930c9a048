"""A child whose care plan is reviewed, for the tests of reviews: what scheduling tells of the meeting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from services.pep.adapters import children_store, reviews_store
from services.pep.application import review_records, reviews
from services.pep.domain.review_record import ReviewAction
from services.pep.domain.reviews import Review
from shared.contracts.participation import Conveyed
from shared.contracts.scheduling import InviteeState, MeetingArranged, MeetingHeld
from shared.kernel.clock import FixedClock
from tests.pep.plan_world import World

WRITTEN = review_records.Written(
    child_there=True,
    how=Conveyed.SPOKE,
    seen_alone=False,
    not_alone_why="Amara did not want to.",
    decisions=("The placement goes on.", "Contact with her grandmother every week."),
)


def at(world: World, moment: datetime) -> None:
    """Set the clock."""
    assert isinstance(world.runtime.clock, FixedClock)
    world.runtime.clock.set(moment)


def opened(world: World) -> Review:
    """Let the review that is due be opened."""
    with world.acting("sam") as work:
        reviews.open_reviews(work, [children_store.load(work.connection, world.child.id)])
    return newest(world)


def newest(world: World) -> Review:
    """Return the review that is still to be held, or the newest."""
    with world.looking("ira") as work:
        return reviews_store.of_child(work.connection, world.child.id)[0]


def stored(world: World, review: Review) -> Review:
    """Return a review as it is stored."""
    with world.looking("ira") as work:
        return reviews_store.load(work.connection, review.id)


def arranged(world: World, review: Review, on: date = date(2026, 12, 2)) -> None:
    """Hear that the meeting of a review has a time."""
    start = datetime(on.year, on.month, on.day, 14, 30, tzinfo=UTC)
    people = (
        InviteeState("ira", "iro", True, "accepted"),
        InviteeState("sam", "social_worker", True, "needs_action"),
        InviteeState("dee", "designated_teacher", False, "needs_action"),
    )
    fact = MeetingArranged(
        world.child.id,
        "",
        "review-meeting",
        start,
        start + timedelta(hours=1),
        "in_person",
        people,
        "review",
        review.id,
    )
    world.hear(fact, "ira", "iro")


def held(world: World, review: Review, on: date = date(2026, 12, 2)) -> Review:
    """Hear that a review was held on a day, and let it be the day after."""
    at(world, datetime(on.year, on.month, on.day, 17, tzinfo=UTC) + timedelta(days=1))
    came = ("ira", "sam", "kid")
    world.hear(
        MeetingHeld(world.child.id, "", "review-meeting", on, came, kind="review", review_id=review.id), "ira", "iro"
    )
    return stored(world, review)


def recorded(world: World) -> Review:
    """Return a review that was held and recorded."""
    review = opened(world)
    arranged(world, review)
    review = held(world, review)
    with world.acting("ira") as work:
        review_records.write_record(work, review.id, WRITTEN, review.version)
    return stored(world, review)


def agreed(world: World, review: Review, owner: str = "dee", *, for_plan: bool = True) -> ReviewAction:
    """Return something that a review agreed."""
    with world.acting("ira") as work:
        return review_records.add_action(
            work,
            review.id,
            what="Find a reading tutor for Amara",
            owner_id=owner,
            by_date=date(2026, 12, 18),
            for_plan=for_plan,
        )
