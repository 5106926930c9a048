"""Opaque identifiers."""

from __future__ import annotations

import secrets
import uuid
from hashlib import sha256


def new_id() -> str:
    """Return a random UUID (version 4) in lower-case hexadecimal with hyphens; it says nothing about what it names."""
    return str(uuid.uuid4())


def new_secret() -> str:
    """Return 256 random bits, URL-safe, for a personal link or a session."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """Return what is kept of a secret that only its holder has: its SHA-256 in hexadecimal."""
    return sha256(secret.encode()).hexdigest()
