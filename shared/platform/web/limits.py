"""How often one may try: to sign in and open links (by address), codes (by link), searches and lists (by person).

A try counts whatever comes of it, so an address that is known and one that is not are answered alike. The counts are
kept in the process; where a service runs in several, each lets as many through.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

from flask import current_app, request

from shared.kernel.errors import DomainError
from shared.platform.web.unit import current_runtime

View = TypeVar("View", bound=Callable[..., Any])
KEPT = 20_000
NETWORK_OF_ONE_VISITOR = 64
"""Whoever has an IPv6 address usually has all of its /64."""


class Use(StrEnum):
    """What is counted."""

    SIGN_IN = "sign_in"
    LINK = "link"
    CODE = "code"
    CODE_TRY = "code_try"
    SEARCH = "search"
    EXPORT = "export"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once and then so many each `within`. A whole council or school may share one address."""

    times: int
    within: timedelta


LIMITS = {
    Use.SIGN_IN: Limit(120, timedelta(minutes=1)),
    Use.LINK: Limit(60, timedelta(minutes=1)),
    Use.CODE: Limit(5, timedelta(minutes=10)),
    Use.CODE_TRY: Limit(20, timedelta(minutes=10)),
    Use.SEARCH: Limit(60, timedelta(minutes=1)),
    Use.EXPORT: Limit(20, timedelta(minutes=10)),
    Use.EMERGENCY: Limit(10, timedelta(hours=1)),
}


class TooMany(DomainError):
    """One tries too often; `retry_after` says in how many seconds to try again."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "too_many",
            f"You have done this many times in a short while. Wait {_in_words(seconds)} and try again.",
            retry_after=seconds,
        )


class Counter:
    """For each key the moment at which all it did would be used up, at an even pace; the least used are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used_up_at: OrderedDict[tuple[Use, str], float] = OrderedDict()

    def seconds_to_wait(self, use: Use, who: str, now: datetime) -> int:
        """Count a try and return 0, or how long to wait, which is not counted."""
        limit = LIMITS[use]
        window = limit.within.total_seconds()
        at = now.timestamp()
        with self._lock:
            used_up_at = max(self._used_up_at.get((use, who), at), at) + window / limit.times
            if used_up_at - at > window + 1e-6:
                return math.ceil(used_up_at - at - window)
            self._used_up_at[use, who] = used_up_at
            self._used_up_at.move_to_end((use, who))
            while len(self._used_up_at) > KEPT:
                self._used_up_at.popitem(last=False)
        return 0


def limited(use: Use) -> Callable[[View], View]:
    """Limit how often one address may use a route that needs no sign-in."""

    def mark(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **kwargs: Any) -> Any:
            count(use, address())
            return view(*args, **kwargs)

        counted.suite_limit = use.value  # type: ignore[attr-defined]
        return counted  # type: ignore[return-value]

    return mark


def count_use(action: str, person_id: str) -> None:
    """Count what somebody signed in does that is limited: an action that takes a list away, and any search."""
    if action.endswith(".export"):
        count(Use.EXPORT, person_id)
    if request.args.get("search"):
        count(Use.SEARCH, person_id)


def count(use: Use, who: str) -> None:
    """Count a try; raises `TooMany`."""
    counter: Counter = current_app.extensions.setdefault("suite_limits", Counter())
    seconds = counter.seconds_to_wait(use, who, current_runtime().clock.now())
    if seconds:
        raise TooMany(seconds)


def address() -> str:
    """Return the address that a visitor is counted by."""
    try:
        found = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ip_network((found, NETWORK_OF_ONE_VISITOR), strict=False))


def _in_words(seconds: int) -> str:
    if seconds <= 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{math.ceil(seconds / 60)} minutes"
