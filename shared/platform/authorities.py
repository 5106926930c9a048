"""The local authorities that an installation serves: what is set of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHORT_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TEXTS = ("key", "name", "organizer_address", "organizer_name")


@dataclass(frozen=True, slots=True)
class Authority:
    """One local authority. `key` names it in records and policy files, `name` to people.

    `organizer_address` is where its invitations come from and answers go to, with `organizer_name` beside it.
    """

    key: str
    name: str
    organizer_address: str
    organizer_name: str


INVENTED = Authority(
    "northmoor", "Northmoor Council", "meetings@pep.northmoor.example", "Northmoor Virtual School meetings"
)


def read_authorities(text: str) -> tuple[tuple[Authority, ...], list[str]]:
    """Return the authorities that a setting in JSON names, and everything that is wrong with it."""
    try:
        entries = json.loads(text)
    except ValueError as error:
        return (), [f"PEP_SUITE_AUTHORITIES is not JSON: {getattr(error, 'msg', 'it cannot be read')}"]
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        return (), ["PEP_SUITE_AUTHORITIES must be a list of authorities, each in braces"]
    faults: list[str] = []
    found: list[Authority] = []
    for number, entry in enumerate(entries, start=1):
        wrong = list(_faults(entry))
        faults += [f"PEP_SUITE_AUTHORITIES, authority {number}: {one}" for one in wrong]
        if not wrong:
            found.append(Authority(**{name: entry[name].strip() for name in _TEXTS}))
    for what, values in (
        ("key", [one.key for one in found]),
        ("organizer_address", [one.organizer_address.casefold() for one in found]),
    ):
        doubles = sorted({value for value in values if values.count(value) > 1})
        faults += [f"PEP_SUITE_AUTHORITIES names the {what} {value} twice" for value in doubles]
    return tuple(found), faults


def _faults(entry: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name in _TEXTS if not isinstance(entry.get(name), str) or not entry[name].strip()]
    if missing:
        yield f"{', '.join(missing)} is missing"
    unknown = sorted(entry.keys() - set(_TEXTS))
    if unknown:
        yield f"{', '.join(unknown)} is not a setting"
    if "key" not in missing and not SHORT_NAME.fullmatch(entry["key"]):
        yield "key must be 1 to 40 lower-case letters, digits and _, a letter first"
