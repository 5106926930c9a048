"""The envelope round every event, after CloudEvents 1.0 (structured JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

CONTENT_TYPE = "application/cloudevents+json"


class UnreadableEnvelope(Exception):
    """The bytes are not an envelope."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it travels.

    `source` is the publishing service, `subject` what the fact is about (`child/…`, `person/…`, `school/…`),
    `subject_version` counts that service's facts about that subject from 1 without a gap. `actor` is the id of the
    person who acted (empty for a job of the suite) and `acting_as` the role they acted in.
    """

    id: str
    source: str
    type: str
    subject: str
    subject_version: int
    time: datetime
    data: Mapping[str, Any]
    correlation_id: str
    traceparent: str = ""
    actor: str = ""
    acting_as: str = ""

    def to_bytes(self) -> bytes:
        """Return the envelope as the JSON that travels."""
        return orjson.dumps(
            {
                "specversion": "1.0",
                "id": self.id,
                "source": self.source,
                "type": self.type,
                "subject": self.subject,
                "time": self.time.isoformat(),
                "datacontenttype": "application/json",
                "subjectversion": self.subject_version,
                "correlationid": self.correlation_id,
                "traceparent": self.traceparent,
                "actor": self.actor,
                "actingas": self.acting_as,
                "data": self.data,
            }
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Envelope:
        """Read an envelope; raises `UnreadableEnvelope` saying what is missing or wrong."""
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise UnreadableEnvelope(f"not JSON: {error}") from error
        if not isinstance(body, dict):
            raise UnreadableEnvelope("not a JSON object")
        try:
            time = datetime.fromisoformat(body["time"])
            version = body["subjectversion"]
            if time.tzinfo is None or not isinstance(version, int) or version < 1 or not isinstance(body["data"], dict):
                raise UnreadableEnvelope("time, subjectversion or data is wrong")
            return cls(
                id=str(body["id"]),
                source=str(body["source"]),
                type=str(body["type"]),
                subject=str(body["subject"]),
                subject_version=version,
                time=time,
                data=body["data"],
                correlation_id=str(body.get("correlationid", "")),
                traceparent=str(body.get("traceparent", "")),
                actor=str(body.get("actor", "")),
                acting_as=str(body.get("actingas", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableEnvelope(f"missing or wrong: {error}") from error
