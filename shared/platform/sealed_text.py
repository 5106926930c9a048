"""Keeps a secret that somebody entrusts to the suite, so that a copy of the database alone gives nothing away.

Fernet (AES-128-CBC and HMAC-SHA256) under a key derived by HKDF (RFC 5869) from the installation's secret, another for
each purpose. What was sealed under a former secret can be opened until that one is taken out of the settings.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.platform.settings import Settings


class CannotBeOpened(Exception):
    """The secret under which something was sealed is not among those of the settings any more."""


def seal(settings: Settings, purpose: str, text: str) -> str:
    """Return a text sealed under the secret that signs now; each time another one."""
    return _keys(settings, purpose).encrypt(text.encode()).decode("ascii")


def unseal(settings: Settings, purpose: str, sealed: str) -> str:
    """Return what was sealed for a purpose; raises `CannotBeOpened`."""
    try:
        return _keys(settings, purpose).decrypt(sealed.encode("ascii")).decode()
    except (InvalidToken, UnicodeError) as error:
        raise CannotBeOpened("It was sealed under a secret that is not in the settings any more.") from error


def _keys(settings: Settings, purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in reversed(settings.secrets)])


def _key(secret: str, purpose: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=f"pep-suite {purpose}".encode()).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
