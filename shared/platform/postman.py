"""Hands the mails that wait to the mail server: at the pace that it bears, many over one connection.

Each mail is marked in a unit of work of its own, and none is open while the mail server answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from shared.platform.access import system_actor
from shared.platform.crashpoints import crashpoint
from shared.platform.mail import MailNotSent, Post, SmtpPost, open_post
from shared.platform.mail_pace import Pace
from shared.platform.mail_queue import MailQueue, Waiting
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.settings import Settings
from shared.platform.work import reading_work, writing_work

BATCH = 50
LONGEST_RUN = 5.0
"""Seconds after which a job lets go, so that a worker that is told to stop does not keep anybody waiting."""
LONGEST_IDLE = 20.0
"""Seconds for which a connection is kept though nothing is sent; servers close it after minutes."""
SHARED = "postman"


class Postman:
    """One service's way to the mail server: a connection that is kept a while, and the pace."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._post: SmtpPost | None = None
        self._last_used = 0.0
        self.pace = Pace(settings.mail_per_minute)

    def send(self, queue: MailQueue, runtime: Runtime, spec: ServiceSpec) -> int:
        """Send what is due, for a few seconds at most and no faster than the pace; return how many went out."""
        began, sent = monotonic(), 0
        while monotonic() - began < LONGEST_RUN:
            most = self.pace.may_send(runtime.clock.now(), BATCH)
            due = _claim(queue, runtime, spec, most) if most else []
            if not due:
                break
            sent += send_claimed(queue, runtime, spec, due, self._open(), self.pace)
            self._last_used = monotonic()
            if len(due) < most:
                break
        if self._post is not None and monotonic() - self._last_used > LONGEST_IDLE:
            self.close()
        return sent

    def close(self) -> None:
        """End the connection, if there is one."""
        post, self._post = self._post, None
        if post is not None:
            post.close()

    def _open(self) -> SmtpPost:
        if self._post is None:
            self._post = open_post(self._settings)
        elif monotonic() - self._last_used > 1:
            self._post.wake()
        return self._post


def send_due(queue: MailQueue, runtime: Runtime, spec: ServiceSpec) -> int:
    """Send the mails whose turn it is through the SMTP server of the settings; return how many went out.

    Without an SMTP server (port 0) nothing is sent and everything keeps waiting.
    """
    if not runtime.settings.smtp_port:
        return 0
    return runtime.kept(SHARED, spec.name, lambda: Postman(runtime.settings)).send(queue, runtime, spec)


def send_through(queue: MailQueue, runtime: Runtime, spec: ServiceSpec, post: Post, pace: Pace | None = None) -> int:
    """Send the mails whose turn it is through `post`; when the server is not there, all wait for their next turn."""
    return send_claimed(queue, runtime, spec, _claim(queue, runtime, spec, BATCH), post, pace or Pace(0))


def send_claimed(
    queue: MailQueue, runtime: Runtime, spec: ServiceSpec, due: Sequence[Waiting], post: Post, pace: Pace
) -> int:
    """Send mails that were claimed; return how many went out.

    Where the server says that it is too many, that mail and the rest are put back: they wait as long as the pace says,
    and it does not count as an attempt.
    """
    actor = system_actor()
    sent = 0
    gone: MailNotSent | None = None
    for place, mail in enumerate(due):
        trouble = gone or _hand_over(mail, post)
        if trouble is not None and trouble.unreachable:
            gone = trouble
        crashpoint("after_mail_taken")
        with writing_work(runtime, spec, actor) as work:
            if trouble is None:
                queue.mark_sent(work.connection, mail, work.now)
            elif trouble.too_many:
                later = pace.too_many(work.now)
                queue.put_back(work.connection, [one.id for one in due[place:]], later, str(trouble))
                break
            else:
                queue.mark_trouble(work.connection, mail, trouble, work.now)
        if trouble is None:
            sent += 1
            pace.taken()
    return sent


def _claim(queue: MailQueue, runtime: Runtime, spec: ServiceSpec, most: int) -> list[Waiting]:
    actor = system_actor()
    with reading_work(runtime, spec, actor) as work:
        if not queue.is_any_due(work.connection, work.now):
            return []
    with writing_work(runtime, spec, actor) as work:
        return queue.claim_due(work.connection, work.now, most)


def _hand_over(mail: Waiting, post: Post) -> MailNotSent | None:
    """Hand one mail to the mail server, outside any transaction; return what went wrong, if anything did."""
    try:
        post.send(mail.sender, mail.recipient, mail.raw)
    except MailNotSent as trouble:
        return trouble
    return None
