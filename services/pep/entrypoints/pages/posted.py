"""What every form about children and people posts besides its fields."""

from __future__ import annotations

from flask import request


def posted_version() -> int:
    """Return the version that the posted form was made from; 0, which is never current, where it says none."""
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
