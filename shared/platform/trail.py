"""The trail of one request or one unit of work: what the policy was asked, of which child, and what it said.

The policy leaves it (`shared.platform.access`), so that no route has to think of the audit; what is kept of it in the
end is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.contracts.emergency import Opening
from shared.contracts.permissions import Deed, deed

if TYPE_CHECKING:
    from shared.platform.access import Actor

_AN_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")


class Kind(StrEnum):
    """What somebody did, as an audit has it."""

    VIEW = "view"
    CHANGE = "change"
    DENIAL = "denial"
    EXPORT = "export"
    LINK = "link"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    BREAK_GLASS = "break_glass"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was kept: `action` is a name of the table of permissions, `child_id` empty where there is none.

    `why` is the reason that was given, where one was asked for.
    """

    actor: Actor
    acting_as: str
    kind: Kind
    action: str
    child_id: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    actor: Actor
    acting_as: str
    action: str
    child_id: str
    allowed: bool
    kind: Kind | None
    why: str


@dataclass
class Trail:
    """What was asked so far. `route` is the action that the route names, `way` how it was asked: page, api or suite.

    `opening` is the emergency under which a record was shown, if one was.
    """

    route: str = ""
    way: str = "suite"
    opening: Opening | None = None
    changed: bool = False
    _asked: dict[tuple[str, str, bool], _Asked] = field(default_factory=dict, repr=False)

    def note(
        self,
        actor: Actor,
        acting_as: str,
        action: str,
        child_id: str = "",
        *,
        allowed: bool,
        kind: Kind | None = None,
        why: str = "",
    ) -> None:
        """Note an answer of the policy; what was typed into an address and cannot be an id is left out.

        `kind` is for what is neither a view nor a change: a personal link, a sign-in, an emergency. `why` is the reason
        that was given, where one was asked for.
        """
        child_id = child_id if _AN_ID.fullmatch(child_id) else ""
        asked = _Asked(actor, acting_as, action, child_id, allowed, kind, why)
        self._asked.setdefault((action, child_id, allowed), asked)

    def changes(self, subjects: Iterable[str] = ()) -> list[Step]:
        """Return what a unit of work that may write has changed, and remember that it did.

        An action that no child was named for reaches the children that facts were told of (`subjects`). The suite's own
        steps name no child: a job that opens a term's plans says so once.
        """
        granted = [one for one in self._asked.values() if one.allowed]
        changing = [one for one in granted if deed(one.action) is not Deed.READ] or granted
        of_a_kind = [one for one in changing if one.kind]
        self.changed = self.changed or bool(granted)
        told = sorted({_child_of(subject) for subject in subjects} - {""})
        steps = []
        for one in _the_nearest(of_a_kind or changing):
            children = [one.child_id] if one.child_id or one.actor.system or not told else told
            kind = one.kind or Kind.CHANGE
            steps += [Step(one.actor, one.acting_as, kind, one.action, child_id, one.why) for child_id in children]
        return steps

    def denials(self) -> list[Step]:
        """Return what was refused."""
        refused = [one for one in self._asked.values() if not one.allowed]
        return [Step(one.actor, one.acting_as, Kind.DENIAL, one.action, one.child_id, one.why) for one in refused]

    def views(self, kind: Kind) -> list[Step]:
        """Return what was shown (a view) or handed out (an export); nothing after a change, which says it all."""
        if self.changed:
            return []
        granted = [one for one in self._asked.values() if one.allowed and not one.actor.system]
        return [
            Step(one.actor, one.acting_as, one.kind or kind, one.action, one.child_id, one.why)
            for one in _the_nearest(granted)
        ]

    @property
    def granted(self) -> bool:
        """Tell whether anything was allowed."""
        return any(one.allowed for one in self._asked.values())

    @property
    def refused(self) -> bool:
        """Tell whether anything was refused."""
        return any(not one.allowed for one in self._asked.values())

    @property
    def names_a_child(self) -> bool:
        """Tell whether any child's record was opened."""
        return any(one.allowed and one.child_id for one in self._asked.values())


def _the_nearest(asked: list[_Asked]) -> list[_Asked]:
    """Return those that name a child, or all where none does."""
    return [one for one in asked if one.child_id] or asked


def _child_of(subject: str) -> str:
    kind, _, identity = subject.partition("/")
    return identity if kind == "child" else ""
