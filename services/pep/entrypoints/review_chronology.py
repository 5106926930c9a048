"""What pep has of a child's reviews, disagreements and visits, for a copy of the record."""

from __future__ import annotations

from collections.abc import Iterator

from services.pep.adapters import disagreements_store, review_notices_store, reviews_store, visits_store
from services.pep.domain.periods import long_date
from services.pep.domain.reviews import EarlyReason, Review
from shared.contracts.participation import ParticipationCode
from shared.kernel.clock import london_date
from shared.platform.chronology import Entry, Part, entry
from shared.platform.work import Work


def reviews_and_visits(work: Work, child_id: str) -> Iterator[Entry]:
    """Yield everything that was recorded about reviews, what they agreed, disagreements and visits."""
    reviews = reviews_store.of_child(work.connection, child_id)
    records = reviews_store.records_of(work.connection, [review.id for review in reviews])
    for review in reviews:
        yield _review(review)
        for record in reversed(records[review.id]):
            yield Entry(
                f"review-record/{review.id}/{record.version}",
                london_date(record.written_at),
                f"Record of the review, version {record.version}",
                "review_record",
                (
                    Part("written_by", "Written by", record.written_by_name),
                    Part("took_part", "How the child took part", ParticipationCode(record.participation).words),
                    Part("views", "How their views came to the review", record.how_words),
                    Part("alone", "Spoken to alone", "Yes" if record.seen_alone else f"No: {record.not_alone_why}"),
                    *(
                        Part(f"decision-{number}", "Decision", decision)
                        for number, decision in enumerate(record.decisions, 1)
                    ),
                ),
            )
    for action in reviews_store.actions_of(work.connection, [child_id])[child_id]:
        yield entry(
            f"review-action/{action.id}/{action.version}",
            action.settled_on or action.by_date,
            "Something that a review agreed",
            "review_action",
            what=action.what,
            who=action.owner_name,
            by=long_date(action.by_date),
            state=action.state.words,
            what_happened=action.outcome,
            said_by=action.settled_by_name,
        )
    for dispute in disagreements_store.of_children(work.connection, [child_id])[child_id]:
        stages = [
            Part(f"stage-{number}", step.stage.words, f"{long_date(step.on)}, {step.by_name}\n{step.note}".strip())
            for number, step in enumerate(dispute.steps, 1)
        ]
        yield Entry(
            f"disagreement/{dispute.id}/{dispute.version}",
            dispute.raised_on,
            "The reviewing officer did not agree",
            "disagreement",
            (Part("about", "What about", dispute.about), *stages),
        )
    for notice_id, recipient, state, at in review_notices_store.of_child(work.connection, child_id):
        yield entry(
            f"review-notice/{notice_id}/{state}",
            london_date(at),
            "Told that there is something to read before a review",
            "review_notice",
            to=recipient,
            state=state,
        )
    yield from _visits(work, child_id)


def _review(review: Review) -> Entry:
    return entry(
        f"review/{review.id}/{review.version}",
        review.day,
        review.title,
        "review",
        to_be_held_by=long_date(review.meet_by),
        state=review.state.words,
        held=long_date(review.held_on) if review.held_on else "",
        asked_for_early=EarlyReason(review.reason).words if review.reason else "",
        asked_by=review.asked_by_name,
        why_not_needed=review.why,
    )


def _visits(work: Work, child_id: str) -> Iterator[Entry]:
    for visit in visits_store.of_children(work.connection, [child_id])[child_id]:
        yield entry(
            f"visit/{visit.id}",
            visit.visited_on,
            "The social worker visited",
            "visit",
            seen="Yes" if visit.seen else "No",
            spoken_to_alone="Yes" if visit.alone else "No",
            why_not=visit.why_not,
            what_came_of_it=visit.note,
            recorded_by=visit.recorded_by_name,
        )
    for pattern, by_name, at in visits_store.patterns_of(work.connection, [child_id])[child_id]:
        yield entry(
            f"visit-pattern/{at:%Y%m%d%H%M%S%f}",
            london_date(at),
            "How often visits are due",
            "visit_pattern",
            pattern=pattern.words,
            said_by=by_name,
        )
