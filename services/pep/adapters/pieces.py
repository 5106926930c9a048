"""Asking about very many children: a statement for each thousand, since databases take only so many values in one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

PIECE = 1000


def in_pieces(ids: Collection[str]) -> Iterator[list[str]]:
    """Yield the ids in order, at most a thousand at a time; nothing for none."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), PIECE):
        yield wanted[start : start + PIECE]
