"""Fetches answers from a mailbox over IMAP (RFC 9051), for an authority that cannot hand mail over to a program.

A mail leaves the inbox only once what became of it is committed; then it is moved to a folder where people can still
find it. One that cannot be taken in stays where it is and does not keep the others waiting.
"""

from __future__ import annotations

import logging
import signal
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from imaplib import IMAP4
from urllib.parse import parse_qs, unquote, urlsplit

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

from services.scheduling.adapters.reply_reader import MAX_MAIL_OCTETS
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.entrypoints.receive_mail import receive_mail
from shared.platform.logs import write_json_lines
from shared.platform.production import from_environment
from shared.platform.runtime import Runtime
from suite.apart.imap_token import MailboxToken, TokenRefused, token_for

ANSWER_SECONDS = 30.0
LOOK_SECONDS = 300.0
"""How long nothing may be heard of the mailbox before it is looked into all the same."""
LONGEST_PAUSE_SECONDS = 60.0
INBOX, TAKEN = "INBOX", "Taken in"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where the mailbox is, and who reads it; `trust` is a file of certificates to trust besides the machine's.

    `token` is what opens it where a password does not. `authority` is the key of the one it belongs to, where several
    are served.
    """

    security: str
    host: str
    port: int
    user: str
    password: str
    folder: str = INBOX
    taken: str = TAKEN
    trust: str = ""
    authority: str = ""
    token: MailboxToken | None = field(default=None, compare=False)


def mailbox_at(address: str) -> Mailbox:
    """Read `imaps://USER:PASSWORD@HOST:PORT/FOLDER?taken=FOLDER`; also `imap+starttls://`, and `imap://` in the clear.

    What is special in an address is written as %XX, as the @ of a user that is a mail address.
    """
    parts = urlsplit(address)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return Mailbox(
        security=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or (993 if parts.scheme == "imaps" else 143),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or INBOX,
        taken=asked.get("taken", TAKEN),
        trust=asked.get("trust", ""),
        authority=asked.get("authority", ""),
    )


@contextmanager
def opened(where: Mailbox) -> Iterator[BaseMailBox]:
    """Log in to a mailbox for as long as the block lasts; the certificate of the server is checked."""
    box = _connected(where)
    try:
        _log_in(box, where)
        _ask_again_what_it_can(box.client)
        if not box.folder.exists(where.taken):
            box.folder.create(where.taken)
        yield box
    finally:
        try:
            box.logout()
        except (OSError, IMAP4.error, ImapToolsError):
            box.client.shutdown()


def take_all(box: BaseMailBox, where: Mailbox, runtime: Runtime) -> int:
    """Take in every mail of the folder, the oldest first; return how many were left because they could not be.

    Goes on until none is new: a server may tell of mail in the middle of a move, and not again.
    """
    left: set[str] = set()
    while new := [uid for uid in box.uids() if uid not in left]:
        for uid in new:
            if _take(box, uid, runtime, where.authority):
                box.move(uid, where.taken)
            else:
                left.add(uid)
    return len(left)


def wait_for_mail(box: BaseMailBox, stop: threading.Event, seconds: float = LOOK_SECONDS) -> None:
    """Return when the server tells of mail, when `stop` is set, or after some time; its answer shows that it lives."""
    if "IDLE" not in box.client.capabilities:
        stop.wait(min(seconds, LONGEST_PAUSE_SECONDS))
        return
    with box.idle as idle:
        for _ in range(int(seconds)):
            if stop.is_set() or any(b"EXISTS" in line for line in idle.poll(timeout=1)):
                return


def read_until(stop: threading.Event, where: Mailbox, runtime: Runtime) -> None:
    """Take in what comes until told to stop; a server that is away is asked again, at last once a minute."""
    pause = 1.0
    while not stop.is_set():
        try:
            with opened(where) as box:
                log.info("The mailbox is open")
                while not stop.is_set():
                    left = take_all(box, where, runtime)
                    pause = 1.0
                    wait_for_mail(box, stop, LONGEST_PAUSE_SECONDS if left else LOOK_SECONDS)
        except (OSError, IMAP4.error, ImapToolsError) as error:
            known = error if isinstance(error, TokenRefused) else type(error).__name__
            log.warning("The mailbox cannot be read: %s", known)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def read(environ: Mapping[str, str]) -> int:
    """Take in what comes to the mailbox until told to stop. Raises `UnusableSettings`."""
    settings = from_environment(environ, [SCHEDULING.name], broker=False, mailbox=True)
    write_json_lines("imap", SCHEDULING.name)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    runtime = Runtime(settings)
    read_until(stop, replace(mailbox_at(settings.reply_mailbox), token=token_for(settings)), runtime)
    runtime.close()
    return 0


def _take(box: BaseMailBox, uid: str, runtime: Runtime, authority: str) -> bool:
    try:
        became = receive_mail(runtime, SCHEDULING, _fetched(box, uid), authority)
    except (OSError, IMAP4.error, ImapToolsError):
        raise
    except Exception:
        log.exception("A mail could not be taken in, and stays in the mailbox")
        return False
    log.info("A mail was %s", became["outcome"])
    return True


def _log_in(box: BaseMailBox, where: Mailbox) -> None:
    if where.token is None:
        box.login(where.user, where.password, where.folder)
        return
    try:
        box.xoauth2(where.user, where.token.text(), where.folder)
    except (IMAP4.error, ImapToolsError):
        where.token.forget()
        raise


def _ask_again_what_it_can(client: IMAP4) -> None:
    """Most servers can do more for whom they know."""
    _, answer = client.capability()
    client.capabilities = tuple(answer[-1].decode("ascii").upper().split())


def _connected(where: Mailbox) -> BaseMailBox:
    if where.security == "imap":
        return MailBoxUnencrypted(where.host, where.port, ANSWER_SECONDS)
    context = ssl.create_default_context()
    if where.trust:
        context.load_verify_locations(where.trust)
    kind = MailBox if where.security == "imaps" else MailBoxStartTls
    return kind(where.host, where.port, ANSWER_SECONDS, ssl_context=context)


def _fetched(box: BaseMailBox, uid: str) -> bytes:
    """Return a mail, of one too large to be read only as much as shows that it is; nothing where it is gone."""
    _, answer = box.client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_MAIL_OCTETS + 1}>)")
    return b"".join(part[1] for part in answer if isinstance(part, tuple))
