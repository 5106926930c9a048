"""The packaged policy data: one JSON file for each authority, and a default."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from services.pep.domain.periods import Calendar
from services.pep.domain.policy import Policy, read_policy
from shared.platform.bank_holidays import ENGLAND_AND_WALES


@cache
def load_policy(authority: str) -> Policy:
    """Return the policy of an authority, or the default where it has no file; raises `UnreadablePolicy`."""
    folder = files("services.pep").joinpath("policies")
    own = folder.joinpath(f"{authority}.json")
    chosen = own if authority.isidentifier() and own.is_file() else folder.joinpath("default.json")
    return read_policy(json.loads(chosen.read_text(encoding="utf-8")))


def load_calendar(authority: str) -> Calendar:
    """Return what an authority's days are counted on."""
    return Calendar(ENGLAND_AND_WALES, ENGLAND_AND_WALES.name, load_policy(authority).terms)
