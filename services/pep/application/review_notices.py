"""Telling those who are invited to a review that there is something to read, as early as the authority wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.pep.adapters import review_notices_store, reviews_store
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.history import record, time_words
from services.pep.domain.periods import long_date
from services.pep.domain.reviews import Review, pack_ready_by
from shared.contracts.permissions import PERMISSIONS
from shared.platform import roster
from shared.platform.plain_mail import can_be_mailed
from shared.platform.work import Work

LOOKS_AHEAD = timedelta(days=60)
_READERS = PERMISSIONS["pep.review_pack.read"].team

_WORDS = """Hello,

What is to be read before the review meeting of {when} has been brought together. Please read it before you come:

{address}

You have to sign in to read it. What you see there is what your role lets you see.

To protect people's privacy this email does not say who the review is about or who else is invited.

{organizer}
"""


def tell_of_packs(work: Work) -> int:
    """Send a notice to those who are invited to a review and may read what was brought together, once for each time.

    On the day by which the plan must be ready, or later where the review was arranged after it. Returns how many
    reviews were told of.
    """
    told = 0
    for review in review_notices_store.to_tell(work.connection, work.today, work.today + LOOKS_AHEAD):
        policy, calendar = load_policy(review.authority), load_calendar(review.authority)
        if work.today >= pack_ready_by(review, policy, calendar):
            _tell(work, review)
            told += 1
    return told


def _tell(work: Work, review: Review) -> None:
    invited = {one.person_id for one in review.invitees if one.answer != "declined"}
    readers = {
        member.person_id: member
        for member in roster.team(work.connection, review.child_id, work.today)
        if member.person_id in invited and member.role in _READERS and can_be_mailed(member.email or "")
    }
    authority = work.settings.authority(review.authority)
    assert review.starts_at is not None  # noqa: S101 - only a review with a time is told of
    subject = f"To read before the review meeting, {long_date(review.day)}"
    address = work.settings.address_of("pep", f"/reviews/{review.id}/pack")
    text = _WORDS.format(when=time_words(review.starts_at), address=address, organizer=authority.organizer_name)
    for reader in readers.values():
        review_notices_store.enqueue(work.connection, authority, review, reader, subject, text, work.now)
    reviews_store.save(work.connection, replace(review, told_on=work.today))
    count = f"{len(readers)} {'person' if len(readers) == 1 else 'people'}"
    record(work, review.child_id, "", "review_told", count=count)
