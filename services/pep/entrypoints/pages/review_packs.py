"""What to read before a review, as a page."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from services.pep.application.review_packs import PACK, read_review_pack
from services.pep.entrypoints.concern_words import story_of, what_happened
from shared.contracts.participation import CODE_WORDS
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading

pages = Blueprint("review_packs", __name__)


@pages.get("/reviews/<review_id>/pack")
@allowed(PACK)
def show(review_id: str) -> Response:
    """Show what to read before a review, as far as the reader may see it."""
    with reading() as work:
        pack = read_review_pack(work, review_id)
        reads_review = may(work, "pep.review.read", pack.child.id)
        today = work.today
    return render_page(
        "pep/review_pack.html",
        title=f"Before the review of {pack.child.shown_name}’s care plan",
        pack=pack,
        child=pack.child,
        review=pack.review,
        reads_review=reads_review,
        today=today,
        codes=CODE_WORDS,
        what_happened=what_happened,
        story_of=story_of,
    )
