"""The tables that the machinery needs in every service's database."""

from __future__ import annotations

from sqlalchemy import MetaData

from shared.platform import inbox_tables, outbox, roster, watch_tables
from shared.platform.db import new_metadata


def service_metadata() -> MetaData:
    """Return the table collection a service starts from: outbox, inbox, roster, watching; its own join it."""
    metadata = new_metadata()
    outbox.add_tables(metadata)
    inbox_tables.add_tables(metadata)
    roster.add_tables(metadata)
    watch_tables.add_tables(metadata)
    return metadata
