"""The audit by command: is it whole, anchor it now, and who looked at one child's record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from services.pep.adapters.children_store import find_reference
from services.pep.app import SPEC as PEP
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import ROLE_TITLES, Role
from shared.kernel.clock import LONDON
from shared.platform import roster
from shared.platform.audit import Asked, Entry, of_child
from shared.platform.audit_anchor import anchor, file_of, verify
from shared.platform.audit_chain import Finding, Report
from shared.platform.runtime import Runtime
from suite.composition import SPECS, authority_named
from suite.home import Refusal

MOST_SHOWN = 10_000


def verified(runtime: Runtime, former_secrets: Path | None) -> tuple[str, bool]:
    """Go through every chain of every service; return what to tell, and whether all is as it was sealed."""
    former = (
        [line.strip() for line in former_secrets.read_text(encoding="utf-8").splitlines()] if former_secrets else []
    )
    lines, whole = [], True
    for spec in SPECS:
        reports = verify(runtime, spec, former)
        if not reports:
            lines.append(f"{spec.name}: nothing has been put on record yet.")
        for report in reports:
            lines += _told(spec.name, report)
            whole = whole and not report.findings
    return "\n".join(lines), whole


def anchored(runtime: Runtime, restored: str) -> str:
    """Write down how far every chain reaches; `restored` says why one is shorter than it was. Raises `Refusal`."""
    lines: list[str] = []
    for spec in SPECS:
        try:
            made = anchor(runtime, spec, restored=restored)
            lines += [f"{each.service}, {each.authority}: anchored at entry {each.number:,}." for each in made]
        except OSError as error:
            raise Refusal(f"{file_of(runtime, spec.name)} cannot be written: {error.strerror}.") from error
    return "\n".join(lines) or "Nothing has been put on record yet."


def shown(runtime: Runtime, child: str, authority: str = "") -> str:
    """Return who did what with a child's record in all services, the latest first; raises `Refusal`."""
    with runtime.database(PEP.name).reading() as connection:
        known = find_reference(connection, authority_named(runtime, authority).key, child)
    asked = Asked(known or child)
    found: list[tuple[Entry, str, str]] = []
    for spec in SPECS:
        with runtime.database(spec.name).reading() as connection:
            entries, _ = of_child(connection, asked, limit=MOST_SHOWN)
            people = roster.people_by_id(connection, {entry.person_id for entry in entries})
        found += [(e, spec.name, people[e.person_id].name if e.person_id in people else e.person_id) for e in entries]
    if not found:
        raise Refusal(f"Nobody has opened a record of {child!r}: give the reference of a child, or its id.")
    return "\n".join(_line(*each) for each in sorted(found, key=lambda each: each[0].at, reverse=True))


def _told(service: str, report: Report) -> Iterator[str]:
    if report.authority:
        waiting = f", {report.waiting:,} not sealed yet" if report.waiting else ""
        state = "as it was sealed" if not report.findings else "NOT as it was sealed"
        yield f"{service}, {report.authority}: {report.head.number:,} entries, {state}{waiting}."
    if report.late:
        yield "  Entries have waited for their seal for more than ten minutes: does the worker run?"
    for finding in report.findings:
        yield f"  {_where(finding)}: {finding.words} ({finding.wrong})."


def _where(finding: Finding) -> str:
    if finding.last > finding.number:
        return f"entries {finding.number:,} to {finding.last:,}"
    return f"entry {finding.number:,}"


def _line(entry: Entry, service: str, name: str) -> str:
    when = f"{entry.at.astimezone(LONDON):%d %b %Y %H:%M:%S}"
    role = f" ({ROLE_TITLES[Role(entry.acting_as)]})" if entry.acting_as in set(Role) else ""
    permission = PERMISSIONS.get(entry.action)
    what = permission.what if permission else entry.action
    why = f": {entry.why}" if entry.why else ""
    return f"{when}  {service}  {entry.kind}  {name or 'PEP Suite'}{role}  {what}, by {entry.way}{why}"
