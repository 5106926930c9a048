"""Hands finished mails to an SMTP server."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from shared.platform.metrics import MAILS
from shared.platform.settings import MailSecurity, Settings

NOT_LET_IN = frozenset({530, 534, 535, 538})
"""By these a server asks for TLS or another log-in (RFC 3207, RFC 4954): they are about us, not about the mail."""
OK, CLOSES = 250, 421
_TOO_MANY = re.compile(
    r"\b4\.3\.2\b|too (many|fast|quickly)|\brate\b|limit exceeded|throttl|slow down|server (is )?(too )?busy",
    re.IGNORECASE,
)
"""How servers say that it is too many at once: by 421, or by 450 to 452 with such words (4.3.2: RFC 3463).

What is said of one mailbox (greylisting, a mailbox that is full or busy) is not among them.
"""


class MailNotSent(Exception):
    """A mail was not taken; the text says why.

    `permanent` when trying again cannot help; `unreachable` when the server did not answer at all; `too_many` when it
    takes mails, but not that many at once: it is about us, not about the mail.
    """

    def __init__(self, problem: str, *, permanent: bool, unreachable: bool = False, too_many: bool = False) -> None:
        super().__init__(problem)
        self.permanent = permanent
        self.unreachable = unreachable
        self.too_many = too_many


class Post(Protocol):
    """Something that takes finished mails."""

    def send(self, sender: str, recipient: str, raw: bytes) -> None:
        """Hand over one mail (CRLF line ends); raises `MailNotSent`."""
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """How a mail server is spoken to. Where it is to be by TLS, it is never without, and the certificate is checked.

    `trust` is a file of certificates to trust besides those of the machine; without `user` nobody logs in.
    """

    security: MailSecurity = MailSecurity.NONE
    user: str = ""
    password: str = ""
    trust: str = ""


WITHOUT = Login()
"""In the clear, and nobody logs in."""


class SmtpPost:
    """A connection to an SMTP server; opened at the first mail, opened again when the server closed it.

    A server that does not let us in (no TLS, a wrong certificate, a refused log-in) is as good as away: the mails wait.
    After so many mails (`per_connection`) a new connection is opened, as some servers want; 0 is never.
    """

    def __init__(self, host: str, port: int, login: Login, *, timeout: float = 10.0, per_connection: int = 0) -> None:
        self._host, self._port, self._login, self._timeout = host, port, login, timeout
        self._per_connection, self._handed_over = per_connection, 0
        self._server: smtplib.SMTP | None = None

    def send(self, sender: str, recipient: str, raw: bytes) -> None:
        """Hand over one mail; `sender` is where a bounce goes. Raises `MailNotSent`."""
        if self._per_connection and self._handed_over >= self._per_connection:
            self.close()
        server = self._connected()
        self._handed_over += 1
        try:
            server.sendmail(sender, [recipient], raw)
            MAILS.labels("sent").inc()
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[recipient]
            raise self._refused(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise self._unreachable("did not answer", error) from error

    def wake(self) -> None:
        """Close a connection that the server has given up while nothing was sent; the next mail opens another."""
        if self._server is not None:
            try:
                alive = self._server.noop()[0] == OK
            except (OSError, smtplib.SMTPException):
                alive = False
            if not alive:
                self.close()

    def close(self) -> None:
        """End the connection."""
        server, self._server, self._handed_over = self._server, None, 0
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        try:
            self._server = self._open()
            if self._login.security is MailSecurity.STARTTLS:
                self._server.starttls(context=self._context())
            if self._login.user:
                self._server.login(self._login.user, self._login.password)
        except smtplib.SMTPConnectError as error:
            self.close()
            if error.smtp_code == CLOSES:
                raise self._refused(error.smtp_code, error.smtp_error) from error
            raise self._unreachable("did not let us in", error) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise self._unreachable("did not let us in", error) from error
        return self._server

    def _open(self) -> smtplib.SMTP:
        if self._login.security is MailSecurity.TLS:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=self._context())
        return smtplib.SMTP(self._host, self._port, timeout=self._timeout)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._login.trust:
            context.load_verify_locations(self._login.trust)
        return context

    def _refused(self, code: int, said: bytes | str) -> MailNotSent:
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        if code in NOT_LET_IN:
            return self._unreachable("did not let us in", f"{code} {words}")
        MAILS.labels("refused" if code >= 500 else "deferred").inc()
        if code == CLOSES:
            self.close()
        too_many = code == CLOSES or (450 <= code <= 452 and _TOO_MANY.search(words) is not None)
        return MailNotSent(f"The mail server refused it: {code} {words}", permanent=code >= 500, too_many=too_many)

    def _unreachable(self, what: str, why: object) -> MailNotSent:
        MAILS.labels("unreachable").inc()
        problem = f"The mail server at {self._host}:{self._port} {what}: {why}"
        return MailNotSent(problem, permanent=False, unreachable=True)


@contextmanager
def smtp_post(host: str, port: int, login: Login = WITHOUT, *, timeout: float = 10.0) -> Iterator[SmtpPost]:
    """Open a way to hand over several mails; it is closed at the end."""
    post = SmtpPost(host, port, login, timeout=timeout)
    try:
        yield post
    finally:
        post.close()


def open_post(settings: Settings) -> SmtpPost:
    """Return a way to hand over mails to the mail server of the settings; whoever takes it closes it."""
    login = Login(settings.smtp_security, settings.smtp_user, settings.smtp_password, settings.smtp_trust)
    return SmtpPost(settings.smtp_host, settings.smtp_port, login, per_connection=settings.mail_per_connection)


@contextmanager
def post_of(settings: Settings) -> Iterator[SmtpPost]:
    """Open a way to hand over several mails to the mail server of the settings; it is closed at the end."""
    post = open_post(settings)
    try:
        yield post
    finally:
        post.close()
