"""The Virtual School's JSON API."""

from __future__ import annotations

from typing import Any

from services.virtual_school.entrypoints.api.attendance_imports import imports
from services.virtual_school.entrypoints.api.children import children
from services.virtual_school.entrypoints.api.concerns import concerns
from services.virtual_school.entrypoints.api.plans import plans
from services.virtual_school.entrypoints.api.suspensions import one


def register_api(api: Any) -> None:
    """Add every part of the API."""
    for part in (children, one, plans, concerns, imports):
        api.register_blueprint(part)
