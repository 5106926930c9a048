"""Which queues a routing key reaches: the topic rule of AMQP, `*` for one word and `#` for none or more."""

from __future__ import annotations

import re
from functools import lru_cache


def reaches(exchange_type: str, binding_key: str, routing_key: str) -> bool:
    """Say whether a message published with `routing_key` goes through a binding made with `binding_key`.

    Raises `ValueError` for an exchange type other than direct, topic and fanout.
    """
    if exchange_type == "topic":
        return _pattern(binding_key).fullmatch(routing_key) is not None
    if exchange_type == "direct":
        return binding_key == routing_key
    if exchange_type == "fanout":
        return True
    raise ValueError(f"The embedded queue knows no exchange type {exchange_type!r}.")


@lru_cache(maxsize=1024)
def _pattern(binding_key: str) -> re.Pattern[str]:
    expression = ""
    separator = ""
    for word in binding_key.split("."):
        if word == "#":
            # With its own separator inside, so that "pep.#" reaches "pep" too and "#.opened" reaches "opened".
            expression += r"(?:(?:\.|^)[^.]+)*" if expression or separator else r"(?:[^.]+(?:\.[^.]+)*)?"
            separator = r"(?:\.|^)"
            continue
        expression += separator + ("[^.]+" if word == "*" else re.escape(word))
        separator = r"\."
    return re.compile(expression)
