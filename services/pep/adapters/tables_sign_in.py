"""Tables of how people prove who they are: their accounts, invitations to link one, choices not yet made."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from services.pep.adapters.tables import metadata
from shared.platform.db import UtcDateTime

account = Table(
    "sign_in_account",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("person_id", String(36), primary_key=True),
    Column("linked_at", UtcDateTime, nullable=False),
    Column("linked_by", String(12), nullable=False),
    Column("invited_by", String(36)),
)
Index(None, account.c.person_id)

invitation = Table(
    "sign_in_invitation",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("person_id", String(36), nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)
Index(None, invitation.c.person_id)

choice = Table(
    "sign_in_choice",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("school_urn", String(20), nullable=False),
    Column("id_token", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
