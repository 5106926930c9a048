"""The register of what was erased, outside the databases: what a restored backup brings back is erased again.

One signed line for each tombstone, in a file beside the anchors of the audit, which is only ever added to. It holds
what a tombstone holds: ids, a rule, who and when; no reference and no name.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from shared.platform import erasure
from shared.platform.audit_anchor import append_lines
from shared.platform.erasure import Tombstone
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

PURPOSE = b"pep-suite register of erasures"

log = logging.getLogger(__name__)


class ForgedLine(Exception):
    """A line of the register was not signed with a secret of this installation; the text names it."""


def file_of(runtime: Runtime) -> Path:
    """Return the file of the register."""
    return (runtime.settings.anchors or runtime.settings.home / "anchors") / "erasures.jsonl"


def write_down(runtime: Runtime, spec: ServiceSpec) -> int:
    """Write down every tombstone of pep's that the register does not have; return how many. Raises `OSError`."""
    file = file_of(runtime)
    known = {stone.child_id for stone in _lines(file, runtime.settings.secrets, strict=False)}
    with runtime.database(spec.name).reading() as connection:
        new = [stone for stone in reversed(erasure.tombstones(connection)) if stone.child_id not in known]
    if new:
        append_lines(file, [signed(stone, runtime.settings.secret) for stone in new])
    for stone in new:
        log.info("Record %s was erased: tombstone %s, rule %s", stone.child_id, stone.number, stone.rule)
    return len(new)


def read_register(file: Path, secrets: Iterable[str]) -> list[Tombstone]:
    """Return what a register says, the oldest first; raises `ForgedLine` for a line that none of the secrets signed."""
    return _lines(file, list(secrets), strict=True)


def _lines(file: Path, secrets: Sequence[str], *, strict: bool) -> list[Tombstone]:
    found = []
    for place, text in enumerate(file.read_text(encoding="utf-8").splitlines() if file.is_file() else (), 1):
        stone = _read(text, secrets)
        if stone is not None:
            found.append(stone)
        elif strict:
            raise ForgedLine(f"Line {place} of {file.name} was not signed with this installation's secret.")
    return found


def signed(stone: Tombstone, secret: str) -> str:
    """Return a tombstone as a signed line."""
    told = {**asdict(stone), "due_on": stone.due_on.isoformat(), "erased_at": stone.erased_at.isoformat()}
    told["people"], told["counts"] = list(stone.people), {}
    return json.dumps({**told, "mac": _mac(told, secret)}, ensure_ascii=False)


def _read(text: str, secrets: Sequence[str]) -> Tombstone | None:
    try:
        told: dict[str, Any] = json.loads(text)
        mac = str(told.pop("mac"))
        if not any(hmac.compare_digest(mac, _mac(told, secret)) for secret in secrets):
            return None
        return Tombstone(
            **{
                **told,
                "due_on": date.fromisoformat(told["due_on"]),
                "erased_at": datetime.fromisoformat(told["erased_at"]),
                "people": tuple(told["people"]),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _mac(told: dict[str, Any], secret: str) -> str:
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    return hmac.digest(key, json.dumps(told, sort_keys=True).encode(), hashlib.sha256).hex()
