"""Addresses from one service's pages to another's."""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.platform.web.unit import current_runtime


def service_url(service: str, path: str = "/") -> str:
    """Return the address of a page of a service as people reach it; `path` starts with a slash."""
    return current_runtime().settings.service_urls[service] + path


def absolute_service_url(service: str, path: str = "/") -> str:
    """Return the whole address, for a mail or a calendar entry."""
    return current_runtime().settings.address_of(service, path)


def safe_path(wanted: str | None) -> str:
    """Return a path on this host to go to after signing in, or an empty text for anything that leads elsewhere."""
    if not wanted or not wanted.startswith("/") or "\\" in wanted or any(ord(letter) < 33 for letter in wanted):
        return ""
    parts = urlsplit(wanted)
    return wanted if not (parts.scheme or parts.netloc or wanted.startswith("//")) else ""
