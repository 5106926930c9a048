"""Hands finished mails to an SMTP server."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from shared.platform.metrics import MAILS


class MailNotSent(Exception):
    """A mail was not taken; the text says why.

    `permanent` when trying again cannot help; `unreachable` when the server did not answer at all.
    """

    def __init__(self, problem: str, *, permanent: bool, unreachable: bool = False) -> None:
        super().__init__(problem)
        self.permanent = permanent
        self.unreachable = unreachable


class Post(Protocol):
    """Something that takes finished mails."""

    def send(self, sender: str, recipient: str, raw: bytes) -> None:
        """Hand over one mail (CRLF line ends); raises `MailNotSent`."""
        ...


class SmtpPost:
    """A connection to an SMTP server; opened at the first mail, opened again when the server closed it."""

    def __init__(self, host: str, port: int, *, timeout: float = 10.0) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        self._server: smtplib.SMTP | None = None

    def send(self, sender: str, recipient: str, raw: bytes) -> None:
        """Hand over one mail; `sender` is where a bounce goes. Raises `MailNotSent`."""
        try:
            self._connected().sendmail(sender, [recipient], raw)
            MAILS.labels("sent").inc()
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[recipient]
            raise _refused(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            MAILS.labels("unreachable").inc()
            problem = f"The mail server at {self._host}:{self._port} did not answer: {error}"
            raise MailNotSent(problem, permanent=False, unreachable=True) from error

    def close(self) -> None:
        """End the connection."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        return self._server


@contextmanager
def smtp_post(host: str, port: int, *, timeout: float = 10.0) -> Iterator[SmtpPost]:
    """Open a way to hand over several mails; it is closed at the end."""
    post = SmtpPost(host, port, timeout=timeout)
    try:
        yield post
    finally:
        post.close()


def _refused(code: int, said: bytes | str) -> MailNotSent:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    MAILS.labels("refused" if code >= 500 else "deferred").inc()
    return MailNotSent(f"The mail server refused it: {code} {words}", permanent=code >= 500)
