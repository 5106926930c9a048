"""Whom a child does not want at their meetings: somebody on the team, or somebody they name themself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput

_WORD = re.compile(r"[^\W\d_]{3,}")
_TITLES = frozenset({"miss", "mrs", "mister", "the", "and", "from", "not", "her", "his", "who"})


@dataclass(frozen=True, slots=True)
class Unwanted:
    """One person whom a child does not want there; `person_id` is empty where a `name` was written.

    `said_by` is who said so: the child, or whoever took it down for them.
    """

    id: str
    child_id: str
    person_id: str
    name: str
    why: str
    said_by: str
    said_by_name: str
    said_at: datetime

    def is_about(self, person_ids: Collection[str], name: str, roles: Iterable[Role] = ()) -> bool:
        """Tell whether it is about somebody: chosen from the team, or named by a word of their name or by their role.

        A word counts for a longer one that begins with it ("Ben" for Benedict) and the other way round: a warning too
        many does less harm than somebody who reads of themself.
        """
        if self.person_id:
            return self.person_id in person_ids
        said = self.name.casefold()
        if any(role.title.casefold() in said for role in roles):
            return True
        theirs = _words(name)
        return any(one.startswith(other) or other.startswith(one) for one in _words(self.name) for other in theirs)


def check_named(person_id: str, name: str) -> None:
    """Refuse a wish that names nobody; raises `InvalidInput`."""
    if not person_id and not _words(name):
        raise InvalidInput({"name": ["Choose somebody, or write their name."]})


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text)) - _TITLES
