"""Sends the mails that wait."""

from __future__ import annotations

from services.scheduling.adapters.mail_queue import QUEUE
from shared.platform import postman
from shared.platform.mail import Post
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec


def send_due_mail(runtime: Runtime, spec: ServiceSpec) -> int:
    """Send the mails whose turn it is through the SMTP server of the settings; return how many went out."""
    return postman.send_due(QUEUE, runtime, spec)


def send_through(runtime: Runtime, spec: ServiceSpec, post: Post) -> int:
    """Send the mails whose turn it is through `post`; return how many went out."""
    return postman.send_through(QUEUE, runtime, spec, post)
