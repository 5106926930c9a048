"""The accounts at OpenID Connect issuers by which people sign in, invitations to link one, choices not yet made.

Revision: 0005, after 0004. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "sign_in_account",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.Column("linked_by", sa.String(length=12), nullable=False),
        sa.Column("invited_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("issuer", "subject", "person_id", name=op.f("pk_sign_in_account")),
    )
    op.create_index(op.f("ix_sign_in_account_person_id"), "sign_in_account", ["person_id"])
    op.create_table(
        "sign_in_invitation",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sign_in_invitation")),
    )
    op.create_index(op.f("ix_sign_in_invitation_person_id"), "sign_in_invitation", ["person_id"])
    op.create_table(
        "sign_in_choice",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("school_urn", sa.String(length=20), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sign_in_choice")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("sign_in_choice")
    op.drop_table("sign_in_invitation")
    op.drop_table("sign_in_account")
