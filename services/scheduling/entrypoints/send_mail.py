"""Sends the mails that wait; each is marked in a unit of work of its own, and none is open while the server answers."""

from __future__ import annotations

from services.scheduling.application import outgoing_mail
from shared.platform.access import system_actor
from shared.platform.crashpoints import crashpoint
from shared.platform.mail import MailNotSent, Post, post_of
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import reading_work, writing_work


def send_due_mail(runtime: Runtime, spec: ServiceSpec) -> int:
    """Send the mails whose turn it is through the SMTP server of the settings; return how many went out.

    Without an SMTP server (port 0) nothing is sent and everything keeps waiting.
    """
    settings = runtime.settings
    if not settings.smtp_port:
        return 0
    actor = system_actor(settings.authority)
    with reading_work(runtime, spec, actor) as work:
        if not outgoing_mail.is_any_due(work):
            return 0
    with post_of(settings) as post:
        return send_through(runtime, spec, post)


def send_through(runtime: Runtime, spec: ServiceSpec, post: Post) -> int:
    """Send the mails whose turn it is through `post`; when the server is not there, all wait for their next turn."""
    actor = system_actor(runtime.settings.authority)
    with writing_work(runtime, spec, actor) as work:
        due = outgoing_mail.take_due(work)
    sent = 0
    gone: MailNotSent | None = None
    for mail in due:
        trouble = gone or outgoing_mail.hand_over(mail, post)
        if trouble is not None and trouble.unreachable:
            gone = trouble
        crashpoint("after_mail_taken")
        with writing_work(runtime, spec, actor) as work:
            outgoing_mail.note_result(work, mail, trouble)
        sent += trouble is None
    return sent
