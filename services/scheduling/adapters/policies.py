"""The packaged meeting policies: one file for each authority that has its own, and a default."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import orjson

from services.scheduling.domain.policy import MeetingPolicy, read_policy


@cache
def load_policies(authority: str) -> tuple[MeetingPolicy, ...]:
    """Return the dated policies of an authority, or the default ones where it has no file (`policies/*.json`)."""
    folder = files("services.scheduling") / "policies"
    own = folder / f"{authority}.json"
    chosen = own if authority.isidentifier() and own.is_file() else folder / "default.json"
    return tuple(read_policy(one) for one in orjson.loads(chosen.read_bytes()))
