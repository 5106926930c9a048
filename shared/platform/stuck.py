"""Facts that got stuck, for those who look after a service: who may see them, and what is told of what they say.

What a fact says of a person is left out: whoever mends events need not be on the child's team. Where several
authorities are served, each mends the facts about its own children and people and those about schools; one of which it
is not known whose it is waits for whoever gives the commands.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Set
from typing import Any

from shared.contracts.envelope import Envelope, UnreadableEnvelope
from shared.contracts.registry import UnknownEvent, event_class
from shared.kernel.errors import InvalidInput
from shared.platform import mending, roster
from shared.platform.access import permit
from shared.platform.desk import HeldEvent, find_held, held_events, held_payload, not_held
from shared.platform.mending import Hand, Mended
from shared.platform.work import Work

LEFT_OUT = "(left out: personal)"


def stuck_events(work: Work) -> list[HeldEvent]:
    """Return what the service holds, the oldest first."""
    _permit(work)
    held = held_events(work.connection)
    mine = _own_subjects(work, {each.subject for each in held})
    return [each for each in held if each.subject in mine]


def history(work: Work) -> list[Mended]:
    """Return what was done about stuck events, the latest first."""
    _permit(work)
    done = mending.mended(work.connection)
    mine = _own_subjects(work, {each.subject for each in done})
    return [each for each in done if each.subject in mine]


def stuck_event(work: Work, event_id: int) -> tuple[HeldEvent, dict[str, Any]]:
    """Return a held event and what it says, without personal data; raises `NotFound`."""
    held = _own(work, event_id)
    return held, what_it_says(held_payload(work.connection, event_id))


def replay_stuck(work: Work, event_id: int) -> None:
    """Let it be tried again; raises `NotFound` and `Conflict`."""
    _own(work, event_id)
    mending.replay(work.connection, event_id, _hand(work))


def discard_stuck(work: Work, event_id: int, why: str) -> None:
    """Give it up for good; raises `NotFound`, `Conflict`, and `InvalidInput` without a reason."""
    _own(work, event_id)
    if not why.strip():
        raise InvalidInput({"why": ["Enter why it is given up"]})
    mending.discard(work.connection, event_id, _hand(work), why.strip())


def what_it_says(payload: bytes) -> dict[str, Any]:
    """Return the data of an envelope with every personal field left out; nothing for bytes that cannot be read."""
    try:
        envelope = Envelope.from_bytes(payload)
        return _without_personal(event_class(envelope.type), envelope.data)
    except (UnreadableEnvelope, UnknownEvent):
        return {}


def _without_personal(cls: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """Keep only declared fields that are not personal; what nobody declared might be anything."""
    hints = typing.get_type_hints(cls)
    told: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.name not in data:
            continue
        inner = next((arm for arm in typing.get_args(hints[field.name]) if dataclasses.is_dataclass(arm)), None)
        value = data[field.name]
        if field.metadata.get("personal"):
            told[field.name] = LEFT_OUT
        elif inner is not None and isinstance(value, list):
            told[field.name] = [_without_personal(typing.cast("type", inner), each) for each in value]
        else:
            told[field.name] = value
    return told


def _permit(work: Work) -> None:
    permit(work, f"{work.service}.events.mend")


def _own(work: Work, event_id: int) -> HeldEvent:
    """Return a held event that the actor may mend; raises `NotFound` for one of another authority as for none."""
    _permit(work)
    held = find_held(work.connection, event_id)
    if held.subject not in _own_subjects(work, {held.subject}):
        raise not_held(event_id)
    return held


def _own_subjects(work: Work, subjects: Set[str]) -> Set[str]:
    """Return those of the subjects that are the actor's authority's: all of them where it is the only one served."""
    if len(work.settings.authorities) == 1:
        return subjects
    ids: dict[str, list[str]] = {}
    for subject in subjects:
        kind, _, identity = subject.partition("/")
        ids.setdefault(kind, []).append(identity)
    children = roster.authorities_of(work.connection, ids.get("child", []))
    known = [*ids.get("person", []), *ids.get("sessions", [])]
    people = {one.id: one.authority for one in roster.people_by_id(work.connection, known).values()}
    whose = {"child": children, "person": people, "sessions": people}
    return {
        subject
        for subject in subjects
        for kind, _, identity in [subject.partition("/")]
        if kind == "school" or whose.get(kind, {}).get(identity) == work.actor.authority
    }


def _hand(work: Work) -> Hand:
    return Hand(work.actor.person_id, work.now)
