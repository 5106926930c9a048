"""The pages of the local mail catcher: every mail as the person who got it reads it, with the buttons of a calendar.

Nobody signs in here: it stands in for everybody's own mail program. So it is there only where names may be picked at
sign-in: on this machine's own loopback address, with invented people, never in production.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, Response, abort, flash, g, redirect, request, url_for
from jinja2.utils import urlize
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from shared.platform.app_factory import bare_app
from shared.platform.mail import MailNotSent, post_of
from shared.platform.runtime import Runtime
from shared.platform.web import assets
from shared.platform.web.access import public
from shared.platform.web.front import may_pick_a_name
from shared.platform.web.once import answer_once
from shared.platform.web.pages import render_page
from shared.platform.web.security import protect
from shared.platform.web.unit import current_runtime
from suite.mail_folder import CaughtMail, MailFolder
from suite.mail_replies import ANSWERS, write_reply

PER_PAGE = 50
LONGEST_COMMENT = 500
WHY = "it is the mail program of invented people, on loopback only"

blueprint = Blueprint("mail", __name__)


def create_mail_pages(runtime: Runtime) -> Flask:
    """Return the app for `/mail`."""
    app = bare_app("mail", runtime, Path(__file__).parent / "templates")
    app.before_request(_only_here)
    protect(app, runtime.settings)
    answer_once(app)
    app.register_blueprint(assets.blueprint)
    app.register_blueprint(blueprint)
    app.jinja_env.filters["linked"] = linked
    return app


def linked(text: str) -> Markup:
    """Return plain text as HTML in which addresses of pages and mailboxes are links; all else is escaped."""
    return Markup(urlize(text).replace("<a href", '<a class="govuk-link" href'))  # nosec B704  # noqa: S704 - urlize escapes


@blueprint.get("/")
@public(WHY)
def mails() -> Response:
    """List the mails, the newest first; `person` narrows to one mailbox, `page` counts from 1."""
    folder = _folder()
    everything = [folder.heading(number) for number in folder.numbers()]
    mailboxes = {mail.recipient.casefold(): mail.recipient_name or mail.recipient for mail in reversed(everything)}
    person = request.args.get("person", "").casefold()
    shown = [mail for mail in everything if not person or mail.recipient.casefold() == person]
    pages = max(1, -(-len(shown) // PER_PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_page(
        "mail/list.html",
        title="Mail",
        wide=True,
        mails=shown[(page - 1) * PER_PAGE : page * PER_PAGE],
        count=len(shown),
        page=page,
        pages=pages,
        person=person,
        mailboxes=sorted(mailboxes.items(), key=lambda each: each[1].casefold()),
    )


@blueprint.get("/<int:number>")
@public(WHY)
def mail(number: int) -> Response:
    """Show one mail as a person reads it."""
    return _show(number)


@blueprint.post("/<int:number>/answer")
@public(WHY)
def answer(number: int) -> BaseResponse:
    """Send the answer that the person's calendar would send, through the mail server."""
    caught = _mail(number)
    said = request.form.get("answer", "")
    comment = request.form.get("comment", "").strip()
    if caught.entry is None or caught.entry.method != "REQUEST":
        abort(404)
    if said not in ANSWERS:
        return _show(number, error="Choose Accept, Maybe or Decline.", comment=comment, status=422)
    if len(comment) > LONGEST_COMMENT:
        error = f"Your note must be {LONGEST_COMMENT} characters or fewer."
        return _show(number, error=error, comment=comment, status=422)
    runtime = current_runtime()
    raw = write_reply(caught, caught.entry, said, comment, runtime.clock.now())
    try:
        with post_of(runtime.settings) as post:
            post.send(caught.recipient, caught.entry.organizer, raw)
    except MailNotSent as trouble:
        return _show(number, error=f"Your answer was not sent. {trouble}", comment=comment, status=503)
    flash("Your answer was sent by email.", "success")
    return redirect(url_for("mail.mail", number=number), 303)


@blueprint.get("/<int:number>.eml")
@public(WHY)
def whole(number: int) -> Response:
    """Send the mail as it was received."""
    return _file(_raw(number), "message/rfc822", f"{number:05}.eml")


@blueprint.get("/<int:number>.ics")
@public(WHY)
def calendar(number: int) -> Response:
    """Send the mail's calendar entry."""
    entry = _mail(number).entry
    if entry is None:
        abort(404)
    return _file(entry.raw, f"text/calendar; charset=utf-8; method={entry.method}", f"meeting-{number:05}.ics")


def _show(number: int, *, error: str = "", comment: str = "", status: int = 200) -> Response:
    caught = _mail(number)
    return render_page(
        "mail/mail.html",
        title=caught.subject,
        status=status,
        mail=caught,
        newer=_newer(caught),
        answered=_last_answer(caught),
        error=error,
        comment=comment,
        page_has_errors=bool(error),
    )


def _newer(caught: CaughtMail) -> CaughtMail | None:
    """Return the newest mail about the same calendar entry, if there is one newer than this."""
    entry = caught.entry
    if entry is None or entry.method == "REPLY":
        return None
    found = [each for each in _same_entry(caught) if each.entry and each.entry.method != "REPLY"]
    newest = max(found, key=lambda each: each.entry.order if each.entry else entry.order)
    return newest if newest.entry and newest.entry.order > entry.order else None


def _last_answer(caught: CaughtMail) -> CaughtMail | None:
    """Return the answer that was last sent to this very invitation."""
    entry = caught.entry
    for each in _same_entry(caught):
        if entry and each.entry and each.entry.method == "REPLY" and each.entry.sequence == entry.sequence:
            return each
    return None


def _same_entry(caught: CaughtMail) -> list[CaughtMail]:
    if caught.entry is None:
        return [caught]
    folder = _folder()
    named = (folder.mail(number) for number in folder.naming(caught.entry.uid))
    return [each for each in named if each.entry and each.entry.uid == caught.entry.uid]


def _folder() -> MailFolder:
    return MailFolder(current_runtime().settings.home / "mail")


def _mail(number: int) -> CaughtMail:
    try:
        return _folder().mail(number)
    except FileNotFoundError:
        abort(404)


def _raw(number: int) -> bytes:
    try:
        return _folder().raw(number)
    except FileNotFoundError:
        abort(404)


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, content_type=kind, headers=headers)


def _only_here() -> None:
    g.actor = None
    g.by_token = False
    if not may_pick_a_name():
        abort(404)
