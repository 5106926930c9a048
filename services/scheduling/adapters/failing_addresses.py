"""The addresses at which mail of ours does not arrive, as mail servers told us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from services.scheduling.adapters.tables_mail import failing_address
from services.scheduling.domain.mailboxes import mailbox


@dataclass(frozen=True, slots=True)
class FailingAddress:
    """An address at which mail does not arrive: since when, and why in the words of the mail server."""

    address: str
    since: datetime
    last_at: datetime
    diagnosis: str


def note(connection: Connection, address: str, diagnosis: str, now: datetime) -> None:
    """Remember that a mail to an address came back."""
    key = mailbox(address)
    latest = {"last_at": now, "diagnosis": diagnosis[:400]}
    known = connection.execute(update(failing_address).where(failing_address.c.address == key).values(**latest))
    if not known.rowcount:
        connection.execute(insert(failing_address).values(address=key, since=now, **latest))


def forget(connection: Connection, address: str) -> None:
    """Forget that mail did not arrive at an address: somebody has written from it."""
    connection.execute(delete(failing_address).where(failing_address.c.address == mailbox(address)))


def among(connection: Connection, addresses: Iterable[str]) -> dict[str, FailingAddress]:
    """Return those of some addresses at which mail does not arrive, by the address as it was asked for."""
    asked = {address: mailbox(address) for address in addresses if address}
    query = select(failing_address).where(failing_address.c.address.in_(set(asked.values())))
    found = {row["address"]: FailingAddress(**row) for row in connection.execute(query).mappings()}
    return {address: found[key] for address, key in asked.items() if key in found}
