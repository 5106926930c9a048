"""The tables that the machinery needs in every service's database."""

from __future__ import annotations

from sqlalchemy import MetaData

from shared.platform import (
    audit_tables,
    copies,
    emergencies,
    erasure,
    inbox_tables,
    kept_forms,
    outbox,
    roster,
    sessions,
    standings,
    watch_tables,
)
from shared.platform.db import new_metadata


def service_metadata() -> MetaData:
    """Return the tables every service has (outbox, inbox, people, sessions, audit …); its own join them."""
    metadata = new_metadata()
    outbox.add_tables(metadata)
    inbox_tables.add_tables(metadata)
    roster.add_tables(metadata)
    sessions.add_tables(metadata)
    kept_forms.add_tables(metadata)
    standings.add_tables(metadata)
    emergencies.add_tables(metadata)
    watch_tables.add_tables(metadata)
    audit_tables.add_tables(metadata)
    erasure.add_tables(metadata)
    copies.add_tables(metadata)
    return metadata
