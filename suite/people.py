"""The people one can sign in as: found by name, listed, and introduced at the start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from shared.contracts.roles import ROLE_TITLES, Role
from shared.platform.roster import Person
from suite.demo.personas import NOTES
from suite.home import Refusal

SHOWN_FOR_A_ROLE = 2
SHOWN_OF_MATCHES = 8


def find(people: Iterable[Person], name: str) -> Person:
    """Return the one person that `name` means: an id, a full name, or a part of one; raises `Refusal` otherwise."""
    people = list(people)
    wanted = " ".join(name.split()).casefold()
    for matches in (
        [person for person in people if person.id == name.strip()],
        [person for person in people if person.name.casefold() == wanted],
        [person for person in people if wanted and wanted in person.name.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            shown = ", ".join(f"{person.name} ({_office(person)})" for person in matches[:SHOWN_OF_MATCHES])
            more = "" if len(matches) <= SHOWN_OF_MATCHES else f" and {len(matches) - SHOWN_OF_MATCHES} more"
            raise Refusal(f"{name!r} may be {shown}{more}. Give the full name, or an id from ./run people.")
    raise Refusal(f"Nobody here is called {name!r}. See who there is with ./run people.")


def listing(people: Iterable[Person]) -> str:
    """Return everybody as a table: role by role, with organisation and id."""
    lines = []
    for role, members in _by_role(people):
        lines.append(ROLE_TITLES[role] if role else "On a team, without an office")
        width = max(len(person.name) for person in members)
        where = max(len(person.organisation) for person in members)
        lines += [f"  {person.name:{width}}  {person.organisation:{where}}  {person.id}" for person in members]
    return "\n".join(lines)


def introduction(people: Iterable[Person], origin: str, home: Path) -> str:
    """Return what is printed at a start: the address, and a few people of each role."""
    lines = [
        "",
        f"PEP Suite is running at {origin}/",
        f"The mail it sends:      {origin}/mail/",
        f"Its home:               {home}",
    ]
    lines += ["", "Sign in as, for example:"]
    people = list(people)
    notes = NOTES if NOTES.keys() <= {person.name for person in people} else {}
    for role, members in _by_role(people):
        if role is None:
            continue
        told = [person for person in members if person.name in notes][:SHOWN_FOR_A_ROLE] or members[:1]
        for person in told:
            note = f": {notes[person.name]}" if person.name in notes else ""
            lines.append(f"  {person.name:17} {ROLE_TITLES[role]}{note}")
    return "\n".join([*lines, "", "Everybody: ./run people        Stop: Ctrl-C"])


def _office(person: Person) -> str:
    titles = [ROLE_TITLES[role].lower() for role in Role if role in person.kinds]
    return ", ".join([*titles, person.organisation] if person.organisation else titles) or person.id


def _by_role(people: Iterable[Person]) -> list[tuple[Role | None, Sequence[Person]]]:
    groups: dict[Role | None, list[Person]] = {role: [] for role in (*Role, None)}
    for person in people:
        groups[next((role for role in Role if role in person.kinds), None)].append(person)
    return [(role, members) for role, members in groups.items() if members]
