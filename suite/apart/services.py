"""The services by name."""

from __future__ import annotations

from shared.platform.service import ServiceSpec
from suite.composition import SPECS


def named(service: str) -> ServiceSpec:
    """Return the service of this name."""
    return next(spec for spec in SPECS if spec.name == service)
