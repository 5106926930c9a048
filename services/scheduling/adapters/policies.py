"""The packaged meeting policies: one file for each authority that has its own, and a default.

A version in an authority's own file says what differs from the default that was in force when it came into force.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from services.scheduling.domain.policy import MeetingPolicy, read_policy


@cache
def load_policies(authority: str) -> tuple[MeetingPolicy, ...]:
    """Return the dated policies of an authority, or the default ones where it has no file (`policies/*.json`)."""
    folder = files("services.scheduling") / "policies"
    default: list[dict[str, Any]] = orjson.loads((folder / "default.json").read_bytes())
    own = folder / f"{authority}.json"
    if not (authority.isidentifier() and own.is_file()):
        return tuple(read_policy(one) for one in default)
    versions: list[dict[str, Any]] = orjson.loads(own.read_bytes())
    return tuple(read_policy({**_in_force(default, one["effective_from"]), **one}) for one in versions)


def _in_force(versions: list[dict[str, Any]], day: str) -> dict[str, Any]:
    """Return the version that was in force on a day, the first where there was none yet."""
    by_day = sorted(versions, key=lambda one: str(one["effective_from"]))
    return next((one for one in reversed(by_day) if str(one["effective_from"]) <= day), by_day[0])
