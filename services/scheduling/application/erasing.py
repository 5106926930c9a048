"""Erasing what this service has of a child, when pep has erased the record."""

from __future__ import annotations

from collections.abc import Mapping

from services.scheduling.adapters import failing_addresses, mail_in_store
from shared.contracts.pep import RecordErased
from shared.contracts.scheduling import RecordErased as MeetingsErased
from shared.platform import erasure, roster
from shared.platform.work import Work


def when_record_erased(work: Work, fact: RecordErased) -> None:
    """Erase the child's meetings, with every mail, answer, link and name in them."""
    erasure.follow(work, fact, MeetingsErased, _forget)


def _forget(work: Work, erased: erasure.Erased) -> Mapping[str, int]:
    """Forget the addresses of those who were known through the child alone, and what they wrote that was not placed."""
    people = roster.people_by_id(work.connection, erased.people).values()
    addresses = [person.email for person in people if person.email]
    for address in addresses:
        failing_addresses.forget(work.connection, address)
    return {"mail_in": mail_in_store.erase_from(work.connection, addresses)}
