"""Anchors: how far each chain of the audit reached and with which seal, written down outside the database.

Whoever can change a database can change a whole chain and its head. They cannot change what is kept elsewhere, nor
sign a line without the installation's secret. A line is one JSON object, signed by HMAC-SHA256 with a key made from the
secret; there is a file for each service, which is only ever added to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shared.platform import audit_chain
from shared.platform.audit_chain import Finding, Head, Report, Wrong
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

EVERY = timedelta(days=1)
PURPOSE = b"pep-suite audit anchor"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Anchor:
    """One line: at this instant the chain ended at this entry with this seal.

    `restored` says why the chain is shorter than an earlier line has it: a backup was restored.
    """

    service: str
    authority: str
    number: int
    seal: str
    at: str
    restored: str = ""


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a file of anchors says: the anchors that stand, and what is wrong with single lines."""

    anchors: tuple[Anchor, ...] = ()
    findings: tuple[Finding, ...] = ()


def anchor(runtime: Runtime, spec: ServiceSpec, *, restored: str = "") -> list[Anchor]:
    """Seal what waits and write down how far each chain reaches; return the new lines.

    `restored` gives the reason why the chains are shorter than they were. Raises `OSError` when the file cannot be
    written.
    """
    audit_chain.seal_waiting(runtime, spec)
    with runtime.database(spec.name).reading() as connection:
        found = audit_chain.heads(connection)
    at = runtime.clock.now().isoformat(timespec="seconds")
    lines = [
        Anchor(spec.name, authority, head.number, head.seal, at, restored) for authority, head in sorted(found.items())
    ]
    if lines:
        append_lines(file_of(runtime, spec.name), [signed(each, runtime.settings.secret) for each in lines])
    for each in lines:
        log.info("The audit of %s, %s, ends at entry %s: %s", each.service, each.authority, each.number, each.seal)
    return lines


def anchor_when_due(runtime: Runtime, spec: ServiceSpec) -> None:
    """Anchor a service's chains when the last time was a day ago or more; raises `OSError`."""
    read = read_anchors(file_of(runtime, spec.name), runtime.settings.secrets)
    latest = max((datetime.fromisoformat(each.at) for each in read.anchors), default=None)
    if latest is None or runtime.clock.now() - latest >= EVERY:
        anchor(runtime, spec)


def verify(runtime: Runtime, spec: ServiceSpec, former_secrets: Sequence[str] = ()) -> list[Report]:
    """Go through every chain of a service and hold it against its anchors."""
    read = read_anchors(file_of(runtime, spec.name), [*runtime.settings.secrets, *former_secrets])
    now = runtime.clock.now()
    reports = []
    with runtime.database(spec.name).reading() as connection:
        audit_chain.see_one_moment(connection)
        for authority in sorted({*audit_chain.authorities(connection), *(each.authority for each in read.anchors)}):
            known = {each.number: each.seal for each in read.anchors if each.authority == authority}
            reports.append(audit_chain.verify(connection, spec.name, authority, now, known))
    if read.findings:
        reports.append(Report("", Head(), 0, read.findings, late=False))
    return reports


def file_of(runtime: Runtime, service: str) -> Path:
    """Return the file of a service's anchors."""
    return (runtime.settings.anchors or runtime.settings.home / "anchors") / f"{service}.jsonl"


def signed(line: Anchor, secret: str) -> str:
    """Return an anchor as a signed line."""
    return json.dumps({**asdict(line), "mac": _mac(asdict(line), secret)}, ensure_ascii=False)


def read_anchors(file: Path, secrets: Iterable[str]) -> Anchored:
    """Return what a file of anchors says; a line that none of the secrets has signed is a finding, and says nothing.

    After a line that tells of a restored backup, earlier lines about entries beyond it no longer stand.
    """
    keys = list(secrets)
    standing: dict[str, list[Anchor]] = {}
    findings = []
    for place, text in enumerate(file.read_text(encoding="utf-8").splitlines() if file.is_file() else (), 1):
        line = _read(text, keys)
        if line is None:
            words = f"line {place} of {file.name} was not signed with this installation's secret"
            findings.append(Finding(Wrong.FORGED, place, place, words))
            continue
        known = standing.setdefault(line.authority, [])
        if line.restored:
            known[:] = [each for each in known if each.number <= line.number]
        known.append(line)
    return Anchored(tuple(each for known in standing.values() for each in known), tuple(findings))


def _read(text: str, secrets: Sequence[str]) -> Anchor | None:
    try:
        told: dict[str, Any] = json.loads(text)
        mac = str(told.pop("mac"))
        line = Anchor(**told)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return line if any(hmac.compare_digest(mac, _mac(asdict(line), secret)) for secret in secrets) else None


def _mac(told: dict[str, Any], secret: str) -> str:
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    return hmac.digest(key, json.dumps(told, sort_keys=True).encode(), hashlib.sha256).hex()


def append_lines(file: Path, lines: Sequence[str]) -> None:
    """Add lines to a file that only its owner may read, made where it is not there; raises `OSError`."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w", encoding="utf-8") as open_file:
        open_file.write("".join(f"{line}\n" for line in lines))
        open_file.flush()
        os.fsync(open_file.fileno())
