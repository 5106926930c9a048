"""`docs/events.md` says what the code says."""

from __future__ import annotations

from maintenance.events_page import PAGE, page
from shared.contracts.registry import all_events


def test_the_page_of_events_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m maintenance.events_page"


def test_every_event_is_heard_by_somebody() -> None:
    assert [line for line in page().splitlines() if line.startswith("| [") and "nobody" in line] == []
    assert all(f"### {name}" in page() for name in all_events())
