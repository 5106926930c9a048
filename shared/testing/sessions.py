"""Signing in for tests, without the front door."""

from __future__ import annotations

from flask.testing import FlaskClient

from shared.platform import sessions
from shared.platform.auth import Ticket, hold
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec


def enter(client: FlaskClient, runtime: Runtime, spec: ServiceSpec, person_id: str) -> FlaskClient:
    """Sign a person in to a service in this client, which is returned."""
    now = runtime.clock.now()
    ticket = Ticket(f"the secret of {person_id}", person_id, now, now)
    if spec.name == sessions.KEEPER:
        begun = sessions.Session(sessions.id_of(ticket.secret), person_id, now, now)
        with runtime.database(spec.name).writing() as connection:
            sessions.begin(connection, begun)
    with client.session_transaction() as held:
        hold(ticket, held)
    return client
