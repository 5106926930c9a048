"""The local mail server: takes every mail, sends none on, keeps each as a file.

A mail to the meetings' own address is an answer: it goes to the scheduling service as it would from a real mail
server. The file is written before the sender is told that the mail was taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.entrypoints.receive_mail import receive_mail
from shared.platform.runtime import Runtime
from suite.mail_folder import MailFolder

LARGEST_MAIL = 10 * 1024 * 1024
log = logging.getLogger(__name__)


class MailCatcher:
    """What the SMTP server does with a mail."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._folder = MailFolder(runtime.settings.home / "mail")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        """Take one mail."""
        raw = envelope.original_content or b""
        recipients = [address.casefold() for address in envelope.rcpt_tos]
        return await asyncio.get_running_loop().run_in_executor(None, self.take, raw, recipients)

    def take(self, raw: bytes, recipients: list[str]) -> str:
        """Keep a mail, pass an answer on to the scheduling service, and return what SMTP is to say."""
        try:
            number = self._folder.keep(raw)
        except OSError:
            log.exception("A mail could not be kept")
            return "451 The mail could not be kept; try again later."
        to = [one.key for one in self._runtime.settings.authorities if one.organizer_address.casefold() in recipients]
        if not to:
            return f"250 Kept as {number:05}.eml"
        try:
            became = receive_mail(self._runtime, SCHEDULING, raw, to[0])
        except Exception:
            log.exception("An answer (%05d.eml) could not be taken in", number)
            return "451 The answer could not be taken in; try again later."
        log.info("An answer (%05d.eml) was %s", number, became["outcome"])
        return f"250 {became['outcome']}: {became['reason']}"


@contextmanager
def catching(runtime: Runtime, *, host: str = "") -> Iterator[None]:
    """Run the local mail server on the SMTP address of the settings for as long as the block lasts.

    `host` is the address to listen on where it is not the one that others use.
    """
    settings = runtime.settings
    controller = Controller(
        MailCatcher(runtime),
        hostname=host or settings.smtp_host,
        port=settings.smtp_port,
        data_size_limit=LARGEST_MAIL,
        ident="PEP Suite mail catcher",
        ready_timeout=30.0,
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()
