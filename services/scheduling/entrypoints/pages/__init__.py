"""The pages of the scheduling service."""

from __future__ import annotations

from flask import Flask

from services.scheduling.entrypoints.pages import (
    agenda,
    agenda_link,
    answer,
    arrange,
    calendar,
    chase,
    diary,
    feeds,
    held_mail,
    holding,
    hours,
    lessons,
    meeting,
    my_meetings,
    plan_meeting,
    polls,
    polls_link,
    replanning,
    rooms,
    term_placements,
    term_plans,
    terms,
    unknown_mail,
    unwanted,
)


def register_pages(app: Flask) -> None:
    """Add every page."""
    for part in (
        my_meetings,
        meeting,
        plan_meeting,
        arrange,
        held_mail,
        holding,
        replanning,
        answer,
        agenda,
        agenda_link,
        polls,
        polls_link,
        calendar,
        chase,
        diary,
        feeds,
        hours,
        lessons,
        rooms,
        terms,
        term_plans,
        term_placements,
        unknown_mail,
        unwanted,
    ):
        app.register_blueprint(part.pages)
