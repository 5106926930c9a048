"""A person's own sessions: where they are signed in, and signing out there."""

from __future__ import annotations

from shared.kernel.errors import NotFound
from shared.platform import sessions
from shared.platform.access import permit
from shared.platform.sessions import Ended, Session
from shared.platform.work import Work


def own_sessions(work: Work) -> list[Session]:
    """Return where the actor is signed in now, the one used last first."""
    permit(work, "pep.session.end_own")
    return [one for one in sessions.of_person(work.connection, work.actor.person_id) if one.is_live(work.now)]


def end_own_session(work: Work, session_id: str) -> Session:
    """Sign the actor out in one place; raises `NotFound` where they are not signed in there."""
    found = next((one for one in own_sessions(work) if one.id == session_id), None)
    if found is None:
        raise NotFound("session_not_found", "You are not signed in there any more.")
    sessions.end(work, [found], Ended.ENDED)
    return found


def end_own_sessions(work: Work, but: str) -> int:
    """Sign the actor out everywhere but in the session `but`; return in how many places."""
    found = [one for one in own_sessions(work) if one.id != but]
    sessions.end(work, found, Ended.ENDED)
    return len(found)
