"""Without whom a meeting does not go ahead: the quorum that an authority has set, and what a meeting lacks of it.

The law names who is to be asked to a PEP meeting and says nothing of a quorum, so it is dated data of the authority:
roles that must be there, how many others, and who may stand in for whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput


class WhyCounted(StrEnum):
    """Why a meeting counts although somebody who had to be there was not; the code travels, words about it do not."""

    HEARD_BEFORE = "heard_before"
    JOINED_OTHERWISE = "joined_otherwise"
    COULD_NOT_WAIT = "could_not_wait"
    CHILD_WISHED = "child_wished"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Quorum:
    """An authority's quorum: all of these `roles`, and at least so many `others` besides.

    `stand_ins` says who counts in the stead of a role: a delegate for the designated teacher, for example.
    """

    roles: frozenset[Role] = frozenset({Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER})
    others: int = 0
    stand_ins: Mapping[Role, tuple[Role, ...]] = field(default_factory=dict)

    def fills(self, seat: Role) -> frozenset[Role]:
        """Return the roles that fill a seat: its own, and those that may stand in for it."""
        return frozenset({seat, *self.stand_ins.get(seat, ())})

    def who_may_stand_in(self, role: str) -> frozenset[Role]:
        """Return the roles of those who may take the seat of somebody in a role."""
        return self.fills(Role(role))


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a group of people lacks of a quorum: roles that nobody has, and how many others are too few."""

    roles: tuple[Role, ...] = ()
    others: int = 0

    @property
    def quorate(self) -> bool:
        """Tell whether nothing is lacking."""
        return not self.roles and not self.others


def what_lacks(quorum: Quorum, present: Iterable[str]) -> Lacking:
    """Return what people with these roles (one for each person) lack of a quorum.

    Each seat is filled by one person: by somebody of the role itself, else by a stand-in. Whoever fills no seat is one
    of the others.
    """
    left = [Role(role) for role in present]
    empty: list[Role] = []
    for seat in (role for role in Role if role in quorum.roles):
        if seat in left:
            left.remove(seat)
        else:
            empty.append(seat)
    lacking: list[Role] = []
    for seat in empty:
        stand_in = next((role for role in quorum.stand_ins.get(seat, ()) if role in left), None)
        if stand_in is None:
            lacking.append(seat)
        else:
            left.remove(stand_in)
    return Lacking(tuple(lacking), max(0, quorum.others - len(left)))


def check_counted(lacking: Lacking, missed: Iterable[str], why: str, note: str) -> None:
    """Refuse to count a meeting without a reason where somebody who had to be there was not; raises `InvalidInput`.

    `missed` are the names of those who had to be there and were not.
    """
    names = list(missed)
    if lacking.quorate and not names:
        return
    if not why:
        who = f"{' and '.join(names)} had to be there" if names else "Too few people were there"
        raise InvalidInput({"counts": [f"{who}. Say whether the meeting counts all the same, or arrange another."]})
    if why not in {each.value for each in WhyCounted}:
        raise InvalidInput({"counts": ["Choose why the meeting counts, or that another has to be arranged."]})
    if why == WhyCounted.OTHER and not note:
        raise InvalidInput({"note": ["Say why the meeting counts."]})


def in_words(quorum: Quorum) -> str:
    """Return a quorum as people say it: the social worker, the designated teacher or their delegate, and 1 other."""
    parts = []
    for role in (role for role in Role if role in quorum.roles):
        stand_ins = [stand_in.in_text for stand_in in quorum.stand_ins.get(role, ())]
        parts.append(" or ".join([f"the {role.in_text}", *(f"the {name}" for name in stand_ins)]))
    if quorum.others:
        parts.append(f"{quorum.others} {'other person' if quorum.others == 1 else 'other people'}")
    if not parts:
        return "anybody"
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def read_quorum(data: Mapping[str, Any]) -> Quorum:
    """Read a quorum from the JSON form of a policy; a misspelt role raises `ValueError`."""
    return Quorum(
        roles=frozenset(Role(role) for role in data["roles"]),
        others=int(data.get("others", 0)),
        stand_ins={
            Role(role): tuple(Role(one) for one in stand_ins) for role, stand_ins in data.get("stand_ins", {}).items()
        },
    )
