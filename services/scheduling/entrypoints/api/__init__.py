"""The JSON API of the scheduling service."""

from __future__ import annotations

from typing import Any

from services.scheduling.entrypoints.api import (
    agenda,
    chase,
    feeds,
    hours,
    lessons,
    meetings,
    polls,
    rooms,
    term_plans,
    terms,
    unwanted,
)


def register_api(api: Any) -> None:
    """Add every part of the API."""
    for part in (agenda, chase, feeds, hours, lessons, meetings, polls, rooms, term_plans, terms, unwanted):
        api.register_blueprint(part.blueprint)
