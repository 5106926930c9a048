"""The authorities' meeting policies, as packaged with the service."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import orjson

from services.scheduling.domain.policy import MeetingPolicy, read_policy


@cache
def load_policies() -> tuple[MeetingPolicy, ...]:
    """Read every policy file of the service (`policies/*.json`, a list of dated policies each)."""
    folder = files("services.scheduling") / "policies"
    sources = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name
    )
    return tuple(read_policy(one) for source in sources for one in orjson.loads(source.read_bytes()))
