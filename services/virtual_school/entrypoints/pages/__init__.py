"""The Virtual School's pages."""

from __future__ import annotations

from flask import Flask

from services.virtual_school.entrypoints.pages import attendance, children, concerns, plans, suspensions, work


def register_pages(app: Flask) -> None:
    """Add every page to the application."""
    for part in (work, children, plans, concerns, attendance, suspensions):
        app.register_blueprint(part.pages)
