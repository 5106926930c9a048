"""What pep does when it hears of the meeting of a review: when it is, that it was put back, that it was held."""

from __future__ import annotations

from services.pep.adapters import children_store, reviews_store
from services.pep.application.history import record, time_words
from services.pep.application.reviews import open_reviews
from services.pep.domain import reviews as steps
from services.pep.domain.children import with_review
from services.pep.domain.periods import long_date
from services.pep.domain.plan import Invitee
from services.pep.domain.reviews import Review
from shared.contracts.scheduling import (
    InviteeReplied,
    MeetingArranged,
    MeetingCancelled,
    MeetingHeld,
    MeetingMoved,
    MeetingPutBack,
    MeetingRestated,
)
from shared.kernel.clock import london_date
from shared.platform.work import Work


def when_arranged(work: Work, fact: MeetingArranged | MeetingMoved | MeetingRestated) -> None:
    """Show when the review is."""
    review = reviews_store.find(work.connection, fact.review_id)
    if review is None:
        return
    invitees = tuple(Invitee(one.person_id, one.role, one.required, one.answer) for one in fact.invitees)
    after = steps.arrange(review, fact.meeting_id, fact.starts_at, london_date(fact.starts_at), invitees)
    if after == review:
        return
    reviews_store.save(work.connection, after)
    if after.starts_at != review.starts_at:
        code = "review_moved" if review.starts_at else "review_arranged"
        record(work, review.child_id, "", code, when=time_words(fact.starts_at))


def when_off(work: Work, fact: MeetingCancelled | MeetingPutBack) -> None:
    """Show that the review has no time any more."""
    review = reviews_store.find(work.connection, fact.review_id)
    if review is not None and (after := steps.put_back(review)) != review:
        reviews_store.save(work.connection, after)
        record(work, review.child_id, "", "review_put_back")


def when_replied(work: Work, fact: InviteeReplied) -> None:
    """Keep what somebody answered."""
    review = reviews_store.find(work.connection, fact.review_id)
    if review is not None:
        reviews_store.save(work.connection, steps.answered(review, fact.person_id, fact.answer))


def when_held(work: Work, fact: MeetingHeld | MeetingRestated) -> None:
    """Show that the review was held; the clock of the next starts from that day."""
    review = reviews_store.find(work.connection, fact.review_id)
    if review is None or fact.held_on is None or review.held_on is not None:
        return
    came, how = fact.child_attended, fact.child_conveyed
    after = steps.hold(review, fact.held_on, tuple(fact.attended), child_there=came, conveyed=how)
    reviews_store.save(work.connection, after)
    count = f"{len(fact.attended)} {'person' if len(fact.attended) == 1 else 'people'}"
    record(work, review.child_id, "", "review_held", held_on=long_date(fact.held_on), count=count)
    _start_the_next(work, review, fact)


def when_restated(work: Work, fact: MeetingRestated) -> None:
    """Take over how the meeting of a review stands where that is not known."""
    if fact.held_on is not None:
        when_held(work, fact)
    elif fact.state == "arranged":
        when_arranged(work, fact)
    else:
        review = reviews_store.find(work.connection, fact.review_id)
        if review is not None and (after := steps.put_back(review)) != review:
            reviews_store.save(work.connection, after)


def _start_the_next(work: Work, review: Review, fact: MeetingHeld | MeetingRestated) -> None:
    assert fact.held_on is not None  # noqa: S101 - the caller has looked
    child = children_store.load(work.connection, review.child_id)
    reviewed = with_review(child, fact.held_on)
    if reviewed != child:
        reviewed = children_store.save(work.connection, reviewed)
    open_reviews(work, [reviewed])
