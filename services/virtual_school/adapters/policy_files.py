"""The policy files beside the service: one for each authority that has its own, and a default for the others."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import orjson

from services.virtual_school.domain.policy import Policy, UnreadablePolicy, policy_on, read_policies

FOLDER = Path(__file__).parent.parent / "policies"


def policy_for(authority: str, day: date) -> Policy:
    """Return an authority's rules in force on `day`; an authority without a file has the default ones."""
    own = FOLDER / f"{authority}.json"
    known = authority.isidentifier() and own.is_file()
    return policy_on(read_file(own if known else FOLDER / "default.json"), day)


@cache
def read_file(path: Path) -> tuple[Policy, ...]:
    """Read a policy file once; raises `UnreadablePolicy` naming the file and the fault."""
    try:
        return read_policies(orjson.loads(path.read_bytes()))
    except (orjson.JSONDecodeError, UnreadablePolicy) as error:
        raise UnreadablePolicy(f"{path.name}: {error}") from error
