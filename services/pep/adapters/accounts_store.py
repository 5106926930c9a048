"""Accounts that people sign in with, invitations to link one, and choices not yet made. Secrets are kept as hashes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from services.pep.adapters.tables_sign_in import account, choice, invitation
from services.pep.domain.accounts import CHOICE_LASTS, INVITATION_LASTS, Account, Invitation, LinkedBy
from shared.kernel.ids import hash_of, new_secret
from shared.platform.roster import PERSON


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who has proved who they are, and has yet to say for whom they act."""

    issuer: str
    subject: str
    school_urn: str
    id_token: str


def of_account(connection: Connection, issuer: str, subject: str) -> list[Account]:
    """Return to whom an account belongs."""
    query = select(account).where(account.c.issuer == issuer, account.c.subject == subject)
    return [_account(row) for row in connection.execute(query.order_by(account.c.person_id)).mappings()]


def of_person(connection: Connection, person_id: str) -> list[Account]:
    """Return a person's accounts, the first linked first."""
    query = select(account).where(account.c.person_id == person_id)
    return [_account(row) for row in connection.execute(query.order_by(account.c.linked_at)).mappings()]


def with_address(connection: Connection, authority: str, email: str) -> list[str]:
    """Return the ids of the people here with an e-mail address."""
    query = select(PERSON.c.id).where(
        PERSON.c.authority == authority, PERSON.c.active, func.lower(PERSON.c.email) == email.lower()
    )
    return list(connection.execute(query.order_by(PERSON.c.id)).scalars())


def linked_at(connection: Connection, issuer: str, person_ids: list[str]) -> list[str]:
    """Return those of the people who have an account at an issuer."""
    query = select(account.c.person_id).where(account.c.issuer == issuer, account.c.person_id.in_(person_ids))
    return list(connection.execute(query).scalars())


def link(connection: Connection, linked: Account) -> None:
    """Link an account to a person; one that is linked already stays as it is."""
    here = (account.c.issuer == linked.issuer, account.c.subject == linked.subject)
    if connection.execute(select(account).where(*here, account.c.person_id == linked.person_id)).first() is None:
        connection.execute(insert(account).values(asdict(linked)))


def unlink(connection: Connection, person_id: str, issuer: str, subject: str) -> bool:
    """Take an account from a person; tells whether they had it."""
    here = (account.c.issuer == issuer, account.c.subject == subject, account.c.person_id == person_id)
    return bool(connection.execute(delete(account).where(*here)).rowcount)


def invite(connection: Connection, person_id: str, by: str, now: datetime) -> str:
    """Make an invitation, which replaces those still open, and return its secret; it cannot be read again later."""
    connection.execute(delete(invitation).where(invitation.c.person_id == person_id, invitation.c.used_at.is_(None)))
    secret = new_secret()
    made = Invitation(hash_of(secret), person_id, by, now, now + INVITATION_LASTS)
    connection.execute(insert(invitation).values(asdict(made)))
    return secret


def invitation_of(connection: Connection, secret: str, *, locked: bool = False) -> Invitation | None:
    """Return the invitation with this secret; `locked` lets nobody else use it until the transaction ends."""
    query = select(invitation).where(invitation.c.secret_hash == hash_of(secret))
    row = connection.execute(query.with_for_update() if locked else query).mappings().first()
    return Invitation(**row) if row else None


def use(connection: Connection, used: Invitation, now: datetime) -> None:
    """Note that an invitation was used."""
    connection.execute(update(invitation).where(invitation.c.secret_hash == used.secret_hash).values(used_at=now))


def keep_choice(connection: Connection, waiting: Choice, now: datetime) -> str:
    """Keep who has yet to choose, for ten minutes; return the secret by which it is found."""
    connection.execute(delete(choice).where(choice.c.made_at < now - CHOICE_LASTS))
    secret = new_secret()
    connection.execute(insert(choice).values(secret_hash=hash_of(secret), made_at=now, **asdict(waiting)))
    return secret


def choice_of(connection: Connection, secret: str, now: datetime) -> Choice | None:
    """Return who has yet to choose."""
    columns = (choice.c.issuer, choice.c.subject, choice.c.school_urn, choice.c.id_token)
    query = select(*columns).where(choice.c.secret_hash == hash_of(secret), choice.c.made_at >= now - CHOICE_LASTS)
    row = connection.execute(query).mappings().first()
    return Choice(**row) if row else None


def forget_choice(connection: Connection, secret: str) -> bool:
    """Delete a choice once it is made; tells whether it was still there, so that it is made once."""
    return bool(connection.execute(delete(choice).where(choice.c.secret_hash == hash_of(secret))).rowcount)


def _account(row: RowMapping) -> Account:
    return Account(
        issuer=row["issuer"],
        subject=row["subject"],
        person_id=row["person_id"],
        linked_at=row["linked_at"],
        linked_by=LinkedBy(row["linked_by"]),
        invited_by=row["invited_by"],
    )
