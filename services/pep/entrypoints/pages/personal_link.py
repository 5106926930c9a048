"""The pages behind a personal link: a door that says nothing, a code, and then the one thing that the link is for.

Mail scanners fetch every link and run what scripts they find; here a page does nothing until a person presses a button.
Nobody is signed in by it: whoever else is signed in in the same browser stays so, and these pages do not show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, request, session, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response as BaseResponse

from services.pep.application import link_visits, parent_plan, views
from services.pep.application.link_visits import NotInside, Opened, OwnPart, TooManyCodes
from services.pep.domain.links import CODE_LASTS, CODE_TRIES, Purpose, Tried
from services.pep.domain.plan import Plan
from services.pep.domain.views import QUESTIONS, WAYS_GATHERED
from services.pep.entrypoints.form_fields import definitions, posted_answers, rows_of
from services.pep.entrypoints.plan_schemas import VersionSchema, ViewsSchema, views_answers
from shared.kernel.errors import Conflict, InvalidInput, NotFound, Stale
from shared.kernel.ids import hash_of
from shared.platform import kept_forms
from shared.platform.access import system_actor
from shared.platform.web.access import public
from shared.platform.web.fields import Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.limits import Use, count, limited
from shared.platform.web.pages import render_page
from shared.platform.web.unit import current_runtime, reading, writing
from shared.platform.work import Work

WHY_PUBLIC = "the secret in the link and a code sent to its holder's address stand for somebody without an account"
HELD = "personal_links"
HELD_AT_MOST = 3
KEPT = "personal_link_kept"

pages = Blueprint("personal_link", __name__, url_prefix="/link/<secret>")

View = Callable[[str], BaseResponse]


class CodeSchema(Schema):
    """The code as it was typed."""

    code = Text(required=True, longest=20, metadata={"label": "The code from the email"})


class ContributionSchema(VersionSchema):
    """What a guest writes."""

    text = Text(load_default="", longest=link_visits.LONGEST_CONTRIBUTION, metadata={"label": "Your contribution"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not taken: how it is shown again."""

    form: FormState
    status: int = 422
    part: str = ""


@pages.before_request
def nobody_is_signed_in() -> None:
    """Show these pages as to somebody without an account, whoever is signed in here."""
    g.actor = None


def behind_a_link(view: View) -> Any:
    """Mark a view as one behind a personal link; a link that opens nothing gets the same page, whyever."""

    @wraps(view)
    def guarded(secret: str) -> BaseResponse:
        try:
            return view(secret)
        except NotFound:
            return render_page("pep/link_unknown.html", title="This link is no longer in use", status=404, home_url="/")
        except NotInside:
            return redirect(url_for(".door", secret=secret), 303)

    return public(WHY_PUBLIC)(limited(Use.LINK)(guarded))


@pages.get("")
@behind_a_link
def door(secret: str) -> BaseResponse:
    """Say that there is a personal link, and nothing of what is behind it."""
    with reading(system_actor()) as work:
        opened = link_visits.open_link(work, secret)
    return _page("pep/link_door.html", "Your personal link", secret, **_whose(opened.plan))


@pages.post("/code")
@behind_a_link
def send(secret: str) -> BaseResponse:
    """Send a code to the address the link was sent to."""
    count(Use.CODE, hash_of(secret))
    try:
        with writing(system_actor()) as work:
            held = link_visits.send_code(work, secret)
    except TooManyCodes as refusal:
        return _page("pep/link_door.html", "Your personal link", secret, refusal.status, problem=refusal.message)
    _hold(secret, held)
    return redirect(url_for(".ask_code", secret=secret), 303)


@pages.get("/code")
@behind_a_link
def ask_code(secret: str) -> BaseResponse:
    """Ask for the code, in the browser in which it was asked for."""
    with reading(system_actor()) as work:
        waits = link_visits.waits_for_code(work, secret, _held(secret))
    return _code_page(secret, FormState()) if waits else redirect(url_for(".door", secret=secret), 303)


@pages.post("/enter")
@behind_a_link
def enter(secret: str) -> BaseResponse:
    """Let in whoever enters the code."""
    count(Use.CODE_TRY, hash_of(secret))
    values, errors = read_form(CodeSchema())
    if errors:
        return _code_page(secret, FormState.typed(errors), 422)
    with writing(system_actor()) as work:
        tried, held = link_visits.enter_code(work, secret, _held(secret), values["code"])
    if tried is Tried.LET_IN:
        _hold(secret, held)
        return redirect(url_for(".inside", secret=secret), 303)
    if tried is Tried.WRONG:
        wrong = "This is not the code. Look for the latest email, and enter its six digits"
        return _code_page(secret, FormState(errors={"code": [wrong]}), 422)
    return _page("pep/link_no_code.html", "Ask for a new code", secret, 410, tries=CODE_TRIES, minutes=_minutes())


@pages.get("/page")
@behind_a_link
def inside(secret: str) -> BaseResponse:
    """Show what the link is for."""
    return _inside(secret, None)


@pages.post("/page")
@behind_a_link
def save(secret: str) -> BaseResponse:
    """Save what the holder of the link wrote."""
    try:
        with writing(system_actor()) as work:
            opened = link_visits.act_as_holder(work, secret, _held(secret))
            refused = _SAVING[opened.link.purpose](work, opened)
    except NotInside:
        return _keep_typed(secret)
    except InvalidInput as refusal:
        refused = Refused(FormState.typed(refusal.errors))
    except Conflict as refusal:
        refused = Refused(FormState.typed({"": [refusal.message]}), 409)
    except Stale:
        changed = "This was saved in another window meanwhile. What you typed is below: save it again if it is right"
        refused = Refused(FormState.typed({"": [changed]}), 412)
    if refused is not None:
        return _inside(secret, refused)
    _forget_typed(secret)
    flash("Thank you. What you wrote is saved.", "success")
    return redirect(url_for(".inside", secret=secret), 303)


@pages.post("/leave")
@behind_a_link
def leave(secret: str) -> BaseResponse:
    """Close the page in this browser; the link itself goes on."""
    with writing(system_actor()) as work:
        link_visits.leave(work, secret, _held(secret))
    session[HELD] = {key: held for key, held in session.get(HELD, {}).items() if key != _key(secret)}
    answer = redirect(url_for(".door", secret=secret), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _inside(secret: str, refused: Refused | None) -> Response:
    with reading(system_actor()) as work:
        opened = link_visits.act_as_holder(work, secret, _held(secret))
        template, shown = _SHOWING[opened.link.purpose](work, opened, refused)
        called = link_visits.child_called(work, opened.plan)
    title = shown.pop("title", "").format(called=called)
    return _page(
        template,
        title,
        secret,
        refused.status if refused else 200,
        called=called,
        plan=opened.plan,
        link=opened.link,
        may_write=opened.may_write,
        **_whose(opened.plan),
        **shown,
    )


def _show_part(work: Work, opened: Opened, refused: Refused | None) -> tuple[str, dict[str, Any]]:
    typed = refused.form if refused else _typed_before(work, opened)
    wanted = typed.text("part") if typed else ""
    parts = link_visits.own_parts(work, opened)
    editing = opened.may_write and (typed is not None or not any(part.version for part in parts) or _wants_to_edit())
    return "pep/link_carer.html", {
        "title": "What you say as {called}’s carer",
        "parts": [_part(one, typed if wanted in ("", one.section.key) else None) for one in parts],
        "form": typed or FormState(),
        "editing": editing,
    }


def _part(one: OwnPart, typed: FormState | None) -> dict[str, Any]:
    return {
        "key": one.section.key,
        "title": one.section.title,
        "intro": one.section.intro,
        "version": typed.text("version") if typed else one.version,
        "definitions": definitions(one.section),
        "rows": rows_of(one.section, one.answers, unanswered="Nothing written"),
        "form": typed or FormState.saved(one.answers),
    }


def _save_part(work: Work, opened: Opened) -> Refused | None:
    seen, wrong = read_form(VersionSchema())
    if wrong:
        return Refused(FormState.typed(wrong))
    wanted = request.form.get("part", "")
    part = next((one for one in link_visits.own_parts(work, opened) if one.section.key == wanted), None)
    if part is None:
        raise InvalidInput({"": ["This page is out of date. Load it again"]})
    raw = posted_answers(part.section, request.form)
    link_visits.save_own_part(work, opened, part.section.key, raw, seen["version"])
    return None


def _show_views(work: Work, opened: Opened, refused: Refused | None) -> tuple[str, dict[str, Any]]:
    page = views.read_views(work, opened.plan.id)
    typed = refused.form if refused else _typed_before(work, opened)
    as_the_child = opened.link.purpose is Purpose.CHILD_VIEWS
    how = {"key": "how", "label": "How did you find out?", "type": "radios",
           "options": [{"value": code, "text": words} for code, words in WAYS_GATHERED.items()]}  # fmt: skip
    return "pep/link_views.html", {
        "title": "What you think" if as_the_child else "What {called} thinks",
        "page": page,
        "form": typed or FormState.saved({**page.views.answers, "how": page.views.how}),
        "fields": [{"key": key, "label": words, "hint": hint, "type": "textarea"} for key, words, hint in QUESTIONS],
        "how": None if as_the_child else how,
        "editing": opened.may_write and (typed is not None or not page.views.version or _wants_to_edit()),
    }


def _save_views(work: Work, opened: Opened) -> Refused | None:
    seen, wrong = read_form(VersionSchema())
    schema: Schema = ViewsSchema()
    values, errors = read_form(schema)
    if errors or wrong:
        return Refused(FormState.typed({**errors, **wrong}))
    link_visits.save_own_views(work, opened, views_answers(values), seen["version"], values["how"])
    return None


def _show_contribution(work: Work, opened: Opened, refused: Refused | None) -> tuple[str, dict[str, Any]]:
    written = link_visits.contribution(work, opened)
    typed = refused.form if refused else _typed_before(work, opened)
    return "pep/link_contribution.html", {
        "title": "Your contribution to {called}’s education plan",
        "written": written,
        "form": typed or FormState.saved({"text": written.text if written else ""}),
        "editing": opened.may_write and (typed is not None or written is None or _wants_to_edit()),
    }


def _save_contribution(work: Work, opened: Opened) -> Refused | None:
    values, errors = read_form(ContributionSchema())
    if errors:
        return Refused(FormState.typed(errors))
    link_visits.save_contribution(work, opened, values["text"], values["version"])
    return None


def _nothing_to_save(_work: Work, _opened: Opened) -> Refused | None:
    raise Conflict("nothing_to_save", "There is nothing to save here: this page is for reading.")


def _show_plan(work: Work, opened: Opened, _refused: Refused | None) -> tuple[str, dict[str, Any]]:
    read = parent_plan.read_parent_plan(work, opened.plan.id)
    return "pep/link_plan.html", {"title": "{called}’s education plan", "read": read}


_SHOWING: Mapping[Purpose, Callable[[Work, Opened, Refused | None], tuple[str, dict[str, Any]]]] = {
    Purpose.CARER_PART: _show_part,
    Purpose.CHILD_VIEWS: _show_views,
    Purpose.ADVOCATE_VIEWS: _show_views,
    Purpose.PARENT_PLAN: _show_plan,
    Purpose.CONTRIBUTION: _show_contribution,
}
_SAVING: Mapping[Purpose, Callable[[Work, Opened], Refused | None]] = {
    Purpose.CARER_PART: _save_part,
    Purpose.CHILD_VIEWS: _save_views,
    Purpose.ADVOCATE_VIEWS: _save_views,
    Purpose.PARENT_PLAN: _nothing_to_save,
    Purpose.CONTRIBUTION: _save_contribution,
}


def _page(template: str, title: str, secret: str, status: int = 200, **shown: Any) -> Response:
    given = {"form": FormState(), "problem": "", **shown}
    return render_page(
        template, title=title, status=status, secret=secret, home_url=url_for(".door", secret=secret), **given
    )


def _code_page(secret: str, form: FormState, status: int = 200) -> Response:
    return _page("pep/link_code.html", "Enter your code", secret, status, form=form, minutes=_minutes())


def _whose(plan: Plan) -> dict[str, Any]:
    """Return the name of the authority that a plan belongs to, for the frame of the page."""
    return {"authority_name": current_runtime().settings.authority(plan.authority).name}


def _wants_to_edit() -> bool:
    return "edit" in request.args


def _keep_typed(secret: str) -> BaseResponse:
    """Keep a form that comes after the visit was over, to be shown again to whoever enters a new code here."""
    pairs = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "form_key")]
    with writing(system_actor()) as work:
        link = link_visits.was_inside(work, secret, _held(secret))
        kept_id = kept_forms.keep(work.connection, link.id, f"/link/{link.id}", pairs, work.now) if link else ""
    if kept_id:
        session[KEPT] = kept_id
        flash("Time was up. What you wrote is kept: ask for a new code, and you will find it again.")
    return redirect(url_for(".door", secret=secret), 303)


def _typed_before(work: Work, opened: Opened) -> FormState | None:
    kept = kept_forms.find(work.connection, session.get(KEPT, ""), opened.link.id, work.now)
    return FormState.saved(dict(kept.fields)) if kept and opened.may_write else None


def _forget_typed(secret: str) -> None:
    kept_id = session.pop(KEPT, "")
    if kept_id:
        with writing(system_actor()) as work:
            opened = link_visits.open_link(work, secret)
            kept_forms.forget(work.connection, kept_id, opened.link.id)


def _key(secret: str) -> str:
    return hash_of(secret)[:16]


def _held(secret: str) -> str:
    return str(session.get(HELD, {}).get(_key(secret), ""))


def _hold(secret: str, held: str) -> None:
    others = {key: one for key, one in session.get(HELD, {}).items() if key != _key(secret)}
    session[HELD] = dict([*others.items(), (_key(secret), held)][-HELD_AT_MOST:])


def _minutes() -> int:
    return int(CODE_LASTS.total_seconds() // 60)
