"""Sessions and bearer tokens by command: who is signed in, and ending what somebody has."""

from __future__ import annotations

from services.pep.app import SPEC as PEP
from shared.kernel.clock import LONDON
from shared.platform import sessions
from shared.platform.access import system_actor
from shared.platform.auth import hand_out_token
from shared.platform.roster import Person
from shared.platform.runtime import Runtime
from shared.platform.sessions import Ended, Session
from shared.platform.work import writing_work
from suite.composition import everybody
from suite.people import find

TIME = "%-d %B %Y, %H:%M"


def token_for(runtime: Runtime, name: str) -> str:
    """Return a new bearer token for a person, which can be taken back; raises `Refusal`."""
    person = find(everybody(runtime), name)
    with writing_work(runtime, PEP, system_actor()) as work:
        return hand_out_token(work, person.id)


def listed(runtime: Runtime, name: str) -> str:
    """Return every session and token that stands, of one person or of everybody; raises `Refusal`."""
    people = everybody(runtime)
    only = find(people, name).id if name else ""
    with runtime.database(PEP.name).reading() as connection:
        standing = sessions.live(connection, runtime.clock.now())
    names = {person.id: person for person in people}
    lines = [_line(one, names.get(one.person_id)) for one in standing if only in ("", one.person_id)]
    return "\n".join(lines) or "Nobody is signed in, and nobody has a token."


def ended(runtime: Runtime, name: str, *, everybodys: bool) -> str:
    """End every session and token of a person, or of everybody; return what to tell. Raises `Refusal`."""
    only = "" if everybodys else find(everybody(runtime), name).id
    with writing_work(runtime, PEP, system_actor()) as work:
        standing = [one for one in sessions.live(work.connection, work.now) if only in ("", one.person_id)]
        sessions.end(work, standing, Ended.ENDED)
    tokens = sum(one.is_token for one in standing)
    return f"Ended: {_count(len(standing) - tokens, 'session')} and {_count(tokens, 'token')}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _line(one: Session, person: Person | None) -> str:
    until = one.is_over_at.astimezone(LONDON).strftime(TIME)
    since = one.started_at.astimezone(LONDON).strftime(TIME)
    return f"{person.name if person else one.person_id}  {one.device}  since {since}, until {until} at the latest"
