"""Addresses from one service's pages to another's."""

from __future__ import annotations

from shared.platform.web.unit import current_runtime


def service_url(service: str, path: str = "/") -> str:
    """Return the address of a page of a service as people reach it; `path` starts with a slash."""
    return current_runtime().settings.service_urls[service] + path


def absolute_service_url(service: str, path: str = "/") -> str:
    """Return the whole address, for a mail or a calendar entry."""
    settings = current_runtime().settings
    address = settings.service_urls[service] + path
    return address if "://" in address else settings.origin + address
