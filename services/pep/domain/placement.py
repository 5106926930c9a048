"""Where a child lives: the address, the carer as known there, the telephone. Sealed: kept apart and told to few.

What was recorded is never changed: a mistake and a move are each recorded anew, with the day from which it is so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from shared.kernel.errors import InvalidInput

POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")
"""The shape of a postcode in the United Kingdom, without the space (BS 7666)."""

LEAKS = "This gives away where a child lives. Take out the address, the postcode and the telephone number."


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a child lives since a day, as recorded at one moment; `address` has a line for each part, no postcode.

    `carer_id` is the person on the team who is the carer there, empty for a home with staff; `carer_name` is what they
    are called at the address.
    """

    id: str
    child_id: str
    since: date
    address: str
    postcode: str
    carer_id: str
    carer_name: str
    carer_phone: str
    recorded_by: str
    recorded_by_name: str
    recorded_at: datetime


class Traces(NamedTuple):
    """What of a placement gives it away in a text."""

    address: str
    postcode: str
    carer_phone: str


def current(recorded: Sequence[Placement]) -> Placement | None:
    """Return where the child lives by everything recorded, the oldest first: the latest day, and of that the newest."""
    latest: Placement | None = None
    for one in recorded:
        if latest is None or one.since >= latest.since:
            latest = one
    return latest


def check(placement: Placement, born_on: date, today: date) -> None:
    """Raise `InvalidInput` by field for what cannot be meant."""
    errors: dict[str, list[str]] = {}
    if not placement.address:
        errors["address"] = ["Enter the address."]
    if placement.postcode and not POSTCODE.fullmatch(placement.postcode.replace(" ", "")):
        errors["postcode"] = ["Enter a full postcode, like NM4 9XZ. Leave it empty if there is none."]
    if placement.carer_phone and len(_digits(placement.carer_phone)) < 10:
        errors["carer_phone"] = ["Enter the whole telephone number, with the area code."]
    if placement.since > today:
        errors["since"] = ["The day must be today or in the past. Record a move when it has happened."]
    elif placement.since < born_on:
        errors["since"] = ["The day must not be before the child’s date of birth."]
    if errors:
        raise InvalidInput(errors)


def tidy_postcode(text: str) -> str:
    """Return a postcode as it is written on letters: capitals and one space; what is none is left as it is."""
    found = POSTCODE.fullmatch(re.sub(r"[^A-Za-z0-9]", "", text).upper())
    return f"{found[1]} {found[2]}" if found else text.strip()


class Watch:
    """Finds what gives a placement away in what people write, however they space, break or capitalise it.

    Looked for are the postcodes, the telephone numbers, and house and street. Town and carer's name are not: they have
    other reasons to be there; nor is the name of a house that is one word without what follows it.
    """

    def __init__(self, placements: Iterable[Traces]) -> None:
        parts: set[str] = set()
        for one in placements:
            parts |= {_postcode_pattern(one.postcode), _phone_pattern(one.carer_phone), _line_pattern(one.address)}
        self._pattern = re.compile("|".join(sorted(parts - {""})), re.IGNORECASE) if parts - {""} else None

    def finds(self, text: str) -> bool:
        """Tell whether a text gives the placement away."""
        return self._pattern is not None and self._pattern.search(text.replace("’", "'")) is not None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _postcode_pattern(postcode: str) -> str:
    letters = re.sub(r"[^A-Za-z0-9]", "", postcode)
    return _apart(r"[\W_]*".join(letters)) if letters else ""


def _phone_pattern(phone: str) -> str:
    """Match the last ten digits, after whatever stands for the country or for the 0 before them."""
    digits = _digits(phone)[-10:]
    spaced = r"\D{0,3}".join(digits)
    return rf"(?<![1-9]){spaced}(?!\d)" if len(digits) == 10 else ""


def _line_pattern(address: str) -> str:
    """Match house and street: the first part, or the part after it where the first says too little to go by."""
    parts = [re.findall(r"[^\W_]+(?:'[^\W_]+)*", part) for part in re.split(r"[\n,]", address.replace("’", "'"))]
    parts = [words for words in parts if words]
    if not parts:
        return ""
    first, second = parts[0], parts[1] if len(parts) > 1 else []
    if _says_enough(first):
        return _words_pattern(first)
    alone = any(word[0].isdigit() for word in second) and _says_enough(second)
    return _words_pattern(second if alone else [*first, *second])


def _says_enough(words: list[str]) -> bool:
    """Tell whether words name one house: several, one of them a name, and not the number of a flat alone."""
    of_a_flat = words[0].casefold() in {"flat", "apartment", "unit", "room", "floor"} and len(words) < 3
    return len(words) > 1 and not of_a_flat and any(word.isalpha() and len(word) > 2 for word in words)


def _words_pattern(words: list[str]) -> str:
    if sum(len(word) for word in words) < 6:
        return ""
    return _apart(r"[\W_]+".join(re.escape(word) for word in words))


def _apart(pattern: str) -> str:
    """Match a pattern only where no letter and no digit stands before or after it."""
    return rf"(?<![^\W_]){pattern}(?![^\W_])"
