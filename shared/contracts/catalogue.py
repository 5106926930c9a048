"""Writes `docs/events.md` from the declared events, so that the page cannot say anything else."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from shared.contracts.registry import all_events

_HEAD = """# Events

This page is written by `python -m maintenance.events_page` from the types declared in `shared/contracts/`; a test
checks that it is current. How events travel, and what is promised, is in [architecture.md](architecture.md) and
[decision 2](decisions/0002-outbox-and-inbox.md).

Every event is a fact in the past, named `service.subject.past_participle.v1`; the name is also its routing key on the
topic exchange `pep-suite`. It travels in an envelope after CloudEvents 1.0 (structured JSON,
`application/cloudevents+json`):

| member | what it holds |
|---|---|
| `id` | a UUID of this fact |
| `source` | the service that says it |
| `type` | the name below |
| `subject` | what it is about: `child/…`, `record/…` (a child's, as a whole), `person/…`, `sessions/…`, `school/…` |
| `subjectversion` | counts what this source says about this subject, from 1 without a gap; the order of effect |
| `time` | when it became true, UTC |
| `correlationid`, `traceparent` | the click or job it all began with |
| `actor`, `actingas` | the id of the person who acted (empty for a job of the suite), and in which role |
| `data` | the fields below |

Contracts only grow: a reader passes over fields it does not know, and a new field has a default. Anything else is a new
version of the event, published beside the old one. Free text never travels. Fields marked † hold personal data.
"""

_SCALARS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    date: "date",
    datetime: "instant (UTC)",
}


def write_page(hearers: Mapping[type, Sequence[str]]) -> str:
    """Return the page; `hearers` are the services that react to each event type."""
    events = all_events()
    parts = [_HEAD, "## All events\n", "| event | heard by |", "|---|---|"]
    parts += [
        f"| [`{name}`](#{_anchor(name)}) | {', '.join(hearers.get(cls, ())) or 'nobody yet'} |"
        for name, cls in events.items()
    ]
    service = ""
    for name, cls in events.items():
        if name.partition(".")[0] != service:
            service = name.partition(".")[0]
            parts.append(f"\n## Said by {service}")
        parts.append(_section(name, cls, hearers.get(cls, ())))
    return "\n".join(parts) + "\n"


def personal_fields(cls: type) -> list[str]:
    """Return the names of the fields of an event type that hold personal data, nested ones with their path."""
    hints = typing.get_type_hints(cls)
    found = []
    for field in dataclasses.fields(cls):
        if field.metadata.get("personal"):
            found.append(field.name)
        nested = _nested(hints[field.name])
        if nested is not None:
            found += [f"{field.name}.{inner}" for inner in personal_fields(nested)]
    return found


def _section(name: str, cls: type, hearers: Sequence[str]) -> str:
    lines = [f"\n### {name}\n", inspect.cleandoc(cls.__doc__ or ""), ""]
    lines.append(f"Heard by: {', '.join(hearers) or 'nobody yet'}.\n")
    lines += ["| field | holds |", "|---|---|", *_rows(cls)]
    return "\n".join(lines)


def _rows(cls: type, prefix: str = "") -> list[str]:
    hints = typing.get_type_hints(cls)
    rows = []
    for field in dataclasses.fields(cls):
        mark = " †" if field.metadata.get("personal") else ""
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        rows.append(f"| `{prefix}{field.name}`{mark} | {_words(hints[field.name])}{', optional' if optional else ''} |")
        nested = _nested(hints[field.name])
        if nested is not None:
            rows += _rows(nested, f"{prefix}{field.name}[].")
    return rows


def _words(hint: Any) -> str:
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(arm) for arm in arms if arm is not type(None)) + " or null"
    if origin is tuple:
        return f"list of {_words(arms[0])}"
    if origin is not None:
        return f"{_words(arms[1])} by name"
    return "records" if dataclasses.is_dataclass(hint) else _SCALARS[hint]


def _nested(hint: Any) -> type | None:
    if typing.get_origin(hint) is tuple and dataclasses.is_dataclass(typing.get_args(hint)[0]):
        return typing.cast("type", typing.get_args(hint)[0])
    return None


def _anchor(name: str) -> str:
    return name.replace(".", "")
