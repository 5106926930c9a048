"""The chips above a filtered list: what is chosen, each with the address of the list without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

Words = Mapping[str, Callable[[str], str]]


def filter_chips(path: str, chosen: MultiDict[str, str], words: Words) -> list[dict[str, str]]:
    """Return a chip for each filter in the address; `words` maps a filter's name to what a chip says of a value.

    Only names in `words` make chips; a page number (`page`) is forgotten, since the list changes.
    """
    pairs = [(name, value) for name, value in chosen.items(multi=True) if value and name != "page"]
    return [
        {"text": words[name](value), "href": address(path, (pair for pair in pairs if pair != (name, value)))}
        for name, value in pairs
        if name in words
    ]


def address(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a path with a query, without the question mark when there is none."""
    query = urlencode(list(pairs))
    return f"{path}?{query}" if query else path
