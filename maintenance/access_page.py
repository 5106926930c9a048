"""Write `docs/access.md`: who may see and do what, from the table of permissions.

Usage: python -m maintenance.access_page
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shared.contracts.permissions import NOBODY, PERMISSIONS, Deed, Permission, deed
from shared.contracts.roles import Role
from shared.platform.settings import SERVICES

PAGE = Path(__file__).parents[1] / "docs" / "access.md"

_HEAD = """# Who may see and do what

This page is written by `python -m maintenance.access_page` from the one table in `shared/contracts/permissions.py`; a
test checks that it is current. Why there is one table is in [decision 6](decisions/0006-one-table-of-permissions.md);
how it is asked is in [architecture.md](architecture.md#who-may-see-what). What the table does not name is denied.

- **team**: for each child on whose team the person has a place in that role today. A place begins and ends on a day;
  with its last day everything that followed from it ends.
- **all**: for every child of the person's own authority, or for the authority as such. Never for another authority.
- **part**: a delegate of the designated teacher may for those parts of the plan that were delegated to them: sections,
  the targets, the child's views, or all.
- **In an emergency** (last column): staff of the authority who are not on the child's team and have opened the record
  in an emergency, for an hour ([decision 16](decisions/0016-delegates-and-emergencies.md)). They may read what they
  could read in their role on a team, and do nothing else.
- **told**: as *team*, but only as far as it was decided that this parent, or this school, is told
  ([decision 14](decisions/0014-two-people-decide-what-a-parent-is-told.md),
  [decision 15](decisions/0015-sealed-facts.md)).
- A row that begins with ↳ is a single field of the row above it. Who may not see a field gets a page or an answer in
  which it is absent. A field that has no row is covered by the row of the record.
- Some take part without an account, by a personal link to one thing
  ([decision 17](decisions/0017-taking-part-without-an-account.md)): of their row it opens only what it was sent for.
- What is read anywhere else (a mail, a calendar entry, an event, an export) is never more than its row here allows.
"""

_NAMES = {
    "pep": "The child, the team and the plans (pep)",
    "scheduling": "The meetings (scheduling)",
    "virtual_school": "The Virtual School (virtual_school)",
}
_SHORT = {
    Role.SOCIAL_WORKER: "SW",
    Role.TEAM_MANAGER: "TM",
    Role.IRO: "IRO",
    Role.DESIGNATED_TEACHER: "DT",
    Role.DELEGATE: "Del.",
    Role.VIRTUAL_SCHOOL_CASEWORKER: "VSC",
    Role.VIRTUAL_SCHOOL_HEAD: "VSH",
    Role.CARER: "Carer",
    Role.PARENT: "Parent",
    Role.CHILD: "Child",
    Role.ADVOCATE: "Adv.",
}

_COLUMNS = (*_SHORT.values(), "In an emergency")


def page() -> str:
    """Return what the page should say now."""
    legend = ", ".join(f"**{short}** {role.title}" for role, short in _SHORT.items() if short.lower() != role.value)
    lines = [_HEAD, f"{legend}.", "", f"| | {' | '.join(_COLUMNS)} |", "|---|" + ":-:|" * len(_COLUMNS)]
    empty = " |" * len(_COLUMNS)
    for service in SERVICES:
        lines.append(f"| **{_NAMES[service]}** |{empty}")
        for kind in Deed:
            rows = [
                (action, permission)
                for action, permission in PERMISSIONS.items()
                if action.split(".")[0] == service and deed(action) is kind
            ]
            if rows:
                lines.append(f"| *{kind.value}* |{empty}")
                lines += [line for action, permission in rows for line in _rows(action, permission)]
    return "\n".join(lines) + "\n"


def _rows(action: str, permission: Permission) -> Iterator[str]:
    yield _row(f"{permission.what} `{action}`", permission, frozenset(Role))
    for name, roles in permission.fields.items():
        yield _row(f"↳ {name.replace('_', ' ')}", permission, roles)
    for name in permission.sealed:
        yield _row(f"↳ {name.replace('_', ' ')}", permission, frozenset(Role), frozenset({Role.PARENT}))


def _row(what: str, permission: Permission, among: frozenset[Role], told: frozenset[Role] = NOBODY) -> str:
    if permission.matter is not None:
        told |= permission.by_decision
    cells = [_cell(role, permission, told) if role in among else "" for role in _SHORT]
    emergency = permission.emergency_roles & among
    cells.append(", ".join(short for role, short in _SHORT.items() if role in emergency))
    return f"| {what} | {' | '.join(cells)} |"


def _cell(role: Role, permission: Permission, told: frozenset[Role]) -> str:
    if role in permission.authority:
        return "all"
    if role not in permission.team:
        return ""
    if permission.by_part and role is Role.DELEGATE:
        return "part"
    return "told" if role in told else "team"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
