"""Takes answers from a mail server over LMTP (RFC 2033), for one that hands mail over rather than pipes it."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.domain.mailboxes import same_mailbox
from services.scheduling.entrypoints.receive_mail import receive_mail
from shared.platform.logs import write_json_lines
from shared.platform.production import from_environment
from shared.platform.runtime import Runtime

LARGEST_MAIL = 10 * 1024 * 1024
log = logging.getLogger(__name__)


def addressed(runtime: Runtime, address: str) -> str | None:
    """Return the key of the authority whose invitations come from a mail address; None where none's do."""
    served = runtime.settings.authorities
    return next((one.key for one in served if same_mailbox(address, one.organizer_address)), None)


class AnswerDesk:
    """What the LMTP server does with a mail: it is taken once what became of it is committed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def handle_RCPT(  # noqa: N802 - aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take mail for the addresses that invitations come from, and for no other."""
        if addressed(self._runtime, address) is None:
            return "550 5.1.1 No such mailbox here"
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        """Take in one mail; the database is asked in another thread."""
        raw = envelope.original_content or b""
        authority = addressed(self._runtime, envelope.rcpt_tos[0] or "")
        assert authority is not None  # noqa: S101 - nobody else is taken mail for
        return await asyncio.get_running_loop().run_in_executor(None, self._take, raw, authority)

    def _take(self, raw: bytes, authority: str) -> str:
        try:
            became = receive_mail(self._runtime, SCHEDULING, raw, authority)
        except Exception:
            log.exception("A mail could not be taken in")
            return "451 4.3.0 The mail could not be taken in; try again later"
        log.info("A mail was %s", became["outcome"])
        return f"250 2.0.0 {became['outcome']}: {became['reason']}"


class _Listener(Controller):
    def factory(self) -> SMTP:
        return LMTP(self.handler, data_size_limit=LARGEST_MAIL, ident="PEP Suite")


@contextmanager
def listening(runtime: Runtime, host: str, port: int) -> Iterator[None]:
    """Take answers on an address for as long as the block lasts."""
    listener = _Listener(AnswerDesk(runtime), hostname=host, port=port, ready_timeout=30.0)
    listener.start()
    try:
        yield
    finally:
        listener.stop()


def listen(host: str, port: int, environ: Mapping[str, str]) -> int:
    """Take answers until told to stop. Raises `UnusableSettings`."""
    settings = from_environment(environ, [SCHEDULING.name], broker=False)
    write_json_lines("lmtp", SCHEDULING.name)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    runtime = Runtime(settings)
    with listening(runtime, host, port):
        stop.wait()
    runtime.close()
    return 0
