"""Takes one mail from a mail server: the command on standard input and the SMTP listener both end here."""

from __future__ import annotations

from typing import BinaryIO

from services.scheduling.adapters.reply_reader import MAX_MAIL_OCTETS
from services.scheduling.application.incoming_mail import take_in
from shared.kernel.errors import Conflict, Stale
from shared.platform.access import system_actor
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import writing_work

ATTEMPTS = 5


def read_piped(pipe: BinaryIO) -> bytes:
    """Return the mail that a mail server pipes; of one too large to be read only as much as shows that it is.

    The rest is taken and let go, as a mail server whose pipe breaks tries again for days.
    """
    raw = pipe.read(MAX_MAIL_OCTETS + 1)
    while pipe.read(1024 * 1024):
        pass
    return raw


def receive_mail(runtime: Runtime, spec: ServiceSpec, raw: bytes, authority: str = "") -> dict[str, str | None]:
    """Take in one mail to an authority and return what became of it, ready for JSON; without a key to the only one.

    `outcome` is applied, held or ignored; `reason` a stable code; `message` the reason in words. When somebody changes
    the meeting at the same moment it is tried again; raises `Stale` or `Conflict` only if that goes on.
    """
    actor = system_actor(runtime.settings.authority(authority).key)
    for attempt in range(ATTEMPTS):
        try:
            with writing_work(runtime, spec, actor) as work:
                return take_in(work, raw).as_json()
        except (Stale, Conflict):
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("The loop returns or raises.")
