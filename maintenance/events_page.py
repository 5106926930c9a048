"""Write `docs/events.md`: every event, its fields, and which service hears it.

Usage: python -m maintenance.events_page
"""

from __future__ import annotations

import importlib
from pathlib import Path

from shared.contracts.catalogue import write_page
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES

PAGE = Path(__file__).parents[1] / "docs" / "events.md"


def page() -> str:
    """Return what the page should say now."""
    hearers: dict[type, list[str]] = {}
    for service in SERVICES:
        spec: ServiceSpec = importlib.import_module(f"services.{service}.app").SPEC
        for event_type in spec.subscriptions:
            hearers.setdefault(event_type, []).append(service)
    return write_page(hearers)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
