"""The concerns that monitoring raised."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from services.virtual_school.application import cohort
from services.virtual_school.domain.concerns import ConcernState
from services.virtual_school.entrypoints.words import evidence_words
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading

pages = Blueprint("concerns", __name__)
MOST = 500
STATE_WORDS = {
    ConcernState.RAISED: "Not answered",
    ConcernState.ANSWERED: "Answered",
    ConcernState.CLOSED: "Closed",
}


@pages.get("/concerns")
@allowed("virtual_school.concern.read")
def concerns() -> Any:
    """List concerns by state; without one asked for, those not answered."""
    words = {state.value: state for state in ConcernState}
    state = words.get(request.args.get("state", ""), ConcernState.RAISED)
    with reading() as work:
        found = cohort.view_concerns(work, (state,), MOST)
        today = work.today
    return render_page(
        "virtual_school/concerns.html",
        title="Concerns",
        wide=True,
        concerns=found,
        heading=STATE_WORDS[state],
        state=state,
        most=MOST,
        today=today,
        tabs=[
            {"text": text, "href": url_for(".concerns", state=each.value), "current": each is state}
            for each, text in STATE_WORDS.items()
        ],
        evidence_words=evidence_words,
    )
