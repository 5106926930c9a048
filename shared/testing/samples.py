"""A sample of every event type: the same words wherever a field has the same name, so that samples tell one story."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from shared.contracts.envelope import Envelope
from shared.contracts.registry import all_events, event_name, to_data

_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_DAY = date(2026, 11, 23)

# What a field of a known name holds; anything else is filled by its type.
_BY_NAME: Mapping[str, Any] = {
    "answer": "accepted",
    "authority": "northmoor",
    "by": "mail",
    "ends_at": datetime(2026, 11, 23, 13, 0, tzinfo=UTC),
    "email": "robin.vale@people.example",
    "kind": "first",
    "kinds": ("social_worker",),
    "mode": "in_person",
    "name": "Robin Vale",
    "outcome": "resolved",
    "phase": "primary",
    "rating": "green",
    "reason": "concern",
    "role": "social_worker",
    "school_urn": "900001",
    "urn": "900001",
    "term": "2026-autumn",
    "year_group": 4,
}
_BY_EVENT_AND_NAME: Mapping[tuple[str, str], Any] = {
    ("pep.record.erased.v1", "rule"): "birthday",
    ("scheduling.record.erased.v1", "counts"): {"meeting": 3},
    ("virtual_school.record.erased.v1", "counts"): {"plan": 3},
    ("pep.concern.answered.v1", "answer"): "action",
    ("pep.emergency.opened.v1", "reason"): "risk",
    ("pep.plan.opened.v1", "rule"): "first_pep",
    ("scheduling.meeting.cancelled.v1", "reason"): "rearranging",
    ("scheduling.meeting.restated.v1", "state"): "arranged",
    ("virtual_school.concern.raised.v1", "rule"): "attendance_low",
    ("virtual_school.concern.raised.v1", "evidence"): {"attendance": "81.5"},
}


def sample(event_type: type) -> Any:
    """Return a filled-in event: every field has a value, the optional ones too."""
    return _instance(event_type, event_name(event_type))


def sample_envelope(event_type: type) -> Envelope:
    """Return the sample as it travels, the first of its subject."""
    name = event_name(event_type)
    data = to_data(sample(event_type))
    return Envelope(
        id=f"00000000-0000-4000-8000-{list(all_events()).index(name):012}",
        source=name.partition(".")[0],
        type=name,
        subject=subject_of(name, data),
        subject_version=1,
        time=_NOON,
        data=data,
        correlation_id="00000000-0000-4000-8000-aaaaaaaaaaaa",
        traceparent="00-11111111111111111111111111111111-2222222222222222-01",
        actor="00000000-0000-4000-8000-bbbbbbbbbbbb",
        acting_as="social_worker",
    )


def subject_of(name: str, data: Mapping[str, Any]) -> str:
    """Return what a fact is about: a child or their whole record, somebody's sessions, a person or a school."""
    if "session_id" in data:
        return f"sessions/{data['person_id']}"
    if ".record." in name:
        return f"record/{data['child_id']}"
    for kind, field in (("child", "child_id"), ("person", "person_id"), ("school", "urn")):
        if field in data:
            return f"{kind}/{data[field]}"
    raise ValueError(f"{name} names no subject.")


def _instance(cls: type, name: str) -> Any:
    hints = typing.get_type_hints(cls)
    return cls(**{field.name: _value(name, field.name, hints[field.name]) for field in dataclasses.fields(cls)})


def _value(event: str, name: str, hint: Any) -> Any:
    known = _BY_EVENT_AND_NAME.get((event, name), _BY_NAME.get(name))
    if known is not None:
        return known
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _value(event, name, next(arm for arm in arms if arm is not type(None)))
    if origin is tuple:
        return (_value(event, name.removesuffix("s"), arms[0]),)
    if origin is not None:
        return {name: _value(event, name, arms[1])}
    if dataclasses.is_dataclass(hint):
        return _instance(typing.cast("type", hint), event)
    return {str: f"{name}-1", int: 1, bool: True, date: _DAY, datetime: _NOON}[hint]
