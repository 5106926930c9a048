"""When two mail addresses are the same mailbox, and how an address is written for a mail server."""

from __future__ import annotations

import idna


def ascii_address(address: str) -> str:
    """Return an address with its domain in ASCII (RFC 5891): anna@schüle.example is anna@xn--schle-mva.example.

    What stands before the @ stays as it is. A domain that has no such form is left alone.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or domain.isascii():
        return address.strip()
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError:
        return address.strip()


def mailbox(address: str) -> str:
    """Return the form in which two addresses are compared: without capitals, the domain in ASCII.

    A tag (anna+school@) is a part of the address: what it means only the owner of the domain knows.
    """
    return ascii_address(address).lower()


def same_mailbox(one: str, other: str) -> bool:
    """Tell whether two addresses are one mailbox; nobody's address is the same as nothing."""
    return mailbox(one) == mailbox(other)
