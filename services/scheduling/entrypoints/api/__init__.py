"""The JSON API of the scheduling service."""

from __future__ import annotations

from typing import Any

from services.scheduling.entrypoints.api import meetings, terms


def register_api(api: Any) -> None:
    """Add every part of the API."""
    for part in (meetings, terms):
        api.register_blueprint(part.blueprint)
