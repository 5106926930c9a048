"""Facts that got stuck, for those who look after a service: who may see them, and what is told of what they say.

What a fact says of a person is left out: whoever mends events need not be on the child's team.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

from shared.contracts.envelope import Envelope, UnreadableEnvelope
from shared.contracts.registry import UnknownEvent, event_class
from shared.kernel.errors import InvalidInput
from shared.platform import mending
from shared.platform.access import permit
from shared.platform.desk import HeldEvent, find_held, held_events, held_payload
from shared.platform.mending import Hand, Mended
from shared.platform.work import Work

LEFT_OUT = "(left out: personal)"


def stuck_events(work: Work) -> list[HeldEvent]:
    """Return what the service holds, the oldest first."""
    _permit(work)
    return held_events(work.connection)


def history(work: Work) -> list[Mended]:
    """Return what was done about stuck events, the latest first."""
    _permit(work)
    return mending.mended(work.connection)


def stuck_event(work: Work, event_id: int) -> tuple[HeldEvent, dict[str, Any]]:
    """Return a held event and what it says, without personal data; raises `NotFound`."""
    _permit(work)
    return find_held(work.connection, event_id), what_it_says(held_payload(work.connection, event_id))


def replay_stuck(work: Work, event_id: int) -> None:
    """Let it be tried again; raises `NotFound` and `Conflict`."""
    _permit(work)
    mending.replay(work.connection, event_id, _hand(work))


def discard_stuck(work: Work, event_id: int, why: str) -> None:
    """Give it up for good; raises `NotFound`, `Conflict`, and `InvalidInput` without a reason."""
    _permit(work)
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


def _hand(work: Work) -> Hand:
    return Hand(work.actor.person_id, work.now)
