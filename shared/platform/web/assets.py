"""The vendored and own style sheets, scripts and pictures, and their addresses."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory, url_for

from shared.platform.web.access import public

STATIC = Path(__file__).parent / "static"
A_YEAR = 365 * 24 * 60 * 60

blueprint = Blueprint("assets", __name__)


@lru_cache
def _mark_of(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset_url(name: str) -> str:
    """Return the address of an asset; it changes when the asset does, so browsers may keep it for a year."""
    return url_for("assets.asset", name=name, v=_mark_of(name))


@blueprint.get("/assets/<path:name>")
@public("style sheets and scripts hold nothing about anybody")
def asset(name: str) -> Response:
    """Send an asset."""
    answer = send_from_directory(STATIC, name)
    answer.cache_control.no_cache = None
    answer.cache_control.public = True
    answer.cache_control.max_age = A_YEAR if request.args.get("v") else 300
    return answer
