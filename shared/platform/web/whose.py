"""Whose a child is, for the one reader who has children of several authorities before them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.platform import roster
from shared.platform.work import Work


def authorities_shown(work: Work, child_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the name of the authority of each child, where the reader has children of several; nothing for others."""
    if not work.actor.elsewhere:
        return {}
    names = {one.key: one.name for one in work.settings.authorities}
    return {one: names.get(key, key) for one, key in roster.authorities_of(work.connection, child_ids).items()}
