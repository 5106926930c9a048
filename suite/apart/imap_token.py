"""Asks for the token with which a mailbox is opened instead of a password (OAuth 2, RFC 6749 section 4.4).

Microsoft 365 and Google take no passwords over IMAP; the suite is a client of its own there, with a secret of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from shared.platform.settings import Settings

ASK_SECONDS = 30.0
SPARE_SECONDS = 300.0
"""How long before its end a token is not used any more."""


class TokenRefused(OSError):
    """The server gives no token; the text says why in its own short code."""


@dataclass
class MailboxToken:
    """A token for a mailbox, asked for when there is none that still holds; `now` is in seconds."""

    address: str
    client: str
    secret: str = field(repr=False)
    scope: str = ""
    trust: str = ""
    now: Callable[[], float] = time.time
    _token: dict[str, Any] = field(default_factory=dict, repr=False)

    def text(self) -> str:
        """Return a token that still holds for some minutes; raises `TokenRefused`, or `OSError` when nobody answers."""
        if not self._token or self._token.get("expires_at", 0) - SPARE_SECONDS <= self.now():
            self._token = self._asked()
        return str(self._token["access_token"])

    def forget(self) -> None:
        """Let go of a token that the mail server did not take."""
        self._token = {}

    def _asked(self) -> dict[str, Any]:
        asked_at = self.now()
        with OAuth2Session(self.client, self.secret, scope=self.scope or None) as session:
            try:
                given = session.fetch_token(
                    self.address, grant_type="client_credentials", timeout=ASK_SECONDS, verify=self.trust or True
                )
            except AuthlibBaseError as refused:
                raise TokenRefused(f"no token: {refused.error}") from refused
            except (ValueError, KeyError, TypeError, AttributeError) as nonsense:
                raise TokenRefused("no token: the answer cannot be read") from nonsense
        if not isinstance(given, dict) or not given.get("access_token"):
            raise TokenRefused("no token: there is none in the answer")
        lasts = given.get("expires_in")
        return {**given, "expires_at": asked_at + (float(lasts) if isinstance(lasts, int | float | str) else 0.0)}


def token_for(settings: Settings) -> MailboxToken | None:
    """Return how the mailbox of the settings gets its token; None where it is opened with a password."""
    if not settings.reply_token_address:
        return None
    return MailboxToken(
        settings.reply_token_address, settings.reply_client, settings.reply_client_secret, settings.reply_scope
    )
