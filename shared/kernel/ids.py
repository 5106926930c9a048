"""Opaque identifiers."""

from __future__ import annotations

import secrets
import uuid


def new_id() -> str:
    """Return a random UUID (version 4) in lower-case hexadecimal with hyphens; it says nothing about what it names."""
    return str(uuid.uuid4())


def new_secret() -> str:
    """Return 256 random bits, URL-safe, for a personal link or a session."""
    return secrets.token_urlsafe(32)
