"""Asking people first: the worker's pages of a poll, and the page on which somebody who is signed in answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.polls import ask_people, close_poll, extend_poll, find_poll, withdraw_poll
from services.scheduling.application.polls_answers import (
    ANSWER,
    AskedOfOne,
    answer_own,
    own_question,
    record_told_choices,
)
from services.scheduling.application.polls_page import look_at_poll, prepare_asking
from services.scheduling.domain.meeting import Guest
from services.scheduling.domain.polls import MOST_TIMES
from services.scheduling.domain.polls_results import counts_for
from services.scheduling.entrypoints import polls_wording, wording
from services.scheduling.entrypoints.pages.arrange_forms import slot_options
from services.scheduling.entrypoints.pages.polls_forms import (
    OWN_TIMES,
    ClosingSchema,
    choice_options,
    read_asking,
    read_choices,
    said_values,
)
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.filters import day, plural
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

ASK, READ = "scheduling.poll.ask", "scheduling.poll.read"
PICKED = 4
"""How many of the offered times are ticked beforehand."""
pages = Blueprint("polls", __name__, url_prefix="/meetings/<meeting_id>/poll")


@pages.get("")
@allowed(READ)
def show(meeting_id: str) -> Response:
    """Show how the times stand, best first, and who said what."""
    return _poll_page(meeting_id, FormState())


@pages.get("/ask")
@allowed(ASK)
def ask(meeting_id: str) -> Response:
    """Offer times to ask people about."""
    return _ask_page(meeting_id, None)


@pages.post("/ask")
@allowed(ASK)
def send(meeting_id: str) -> BaseResponse:
    """Ask them."""
    asking, errors = read_asking(request.form)
    try:
        if asking is not None:
            with writing() as work:
                poll = ask_people(work, meeting_id, asking)
            asked = plural(sum(1 for each in poll.silent if each.email), "person", "people")
            flash(f"{asked} will get a mail that asks which times suit them.", "success")
            if any(not each.email for each in poll.silent):
                flash("Somebody has no e-mail address. Ask them by telephone and record what they say here.", "warning")
            return redirect(url_for("polls.show", meeting_id=meeting_id), 303)
    except InvalidInput as refused:
        errors = {"invite" if key == "invitees" else key: list(said) for key, said in refused.errors.items()}
    except Conflict as refused:
        return _ask_page(meeting_id, FormState.typed({"": [refused.message]}), 409)
    return _ask_page(meeting_id, FormState.typed(errors), 422)


@pages.post("/closing-date")
@allowed(ASK)
def extend(meeting_id: str) -> BaseResponse:
    """Give people until another day."""
    values, errors = read_form(ClosingSchema())
    try:
        if not errors:
            with writing() as work:
                poll = extend_poll(work, meeting_id, values["closes_on"])
            flash(f"People can answer until the end of {day(poll.closes_on)}.", "success")
            return redirect(url_for("polls.show", meeting_id=meeting_id), 303)
    except InvalidInput as refused:
        errors = refused.errors
    except Conflict as refused:
        return _poll_page(meeting_id, FormState.typed({"": [refused.message]}), 409)
    return _poll_page(meeting_id, FormState.typed(errors), 422)


@pages.post("/closing")
@allowed(ASK)
def close(meeting_id: str) -> BaseResponse:
    """Take no more answers."""
    try:
        with writing() as work:
            close_poll(work, meeting_id)
    except Conflict as refused:
        return _poll_page(meeting_id, FormState.typed({"": [refused.message]}), 409)
    flash("No more answers are taken. The times are free for other meetings again.", "success")
    return redirect(url_for("polls.show", meeting_id=meeting_id), 303)


@pages.post("/withdrawal")
@allowed(ASK)
def withdraw(meeting_id: str) -> BaseResponse:
    """Ask no more."""
    try:
        with writing() as work:
            withdraw_poll(work, meeting_id)
    except Conflict as refused:
        return _poll_page(meeting_id, FormState.typed({"": [refused.message]}), 409)
    flash("People are no longer asked about these times.", "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@pages.get("/people/<respondent_id>")
@allowed(ASK)
def ask_told(meeting_id: str, respondent_id: str) -> Response:
    """Show the form for what somebody told the worker."""
    return _told_page(meeting_id, respondent_id, None)


@pages.post("/people/<respondent_id>")
@allowed(ASK)
def save_told(meeting_id: str, respondent_id: str) -> BaseResponse:
    """Record what somebody told the worker."""
    with reading() as work:
        _, poll = find_poll(work, meeting_id, ASK)
    said, errors = read_choices(request.form, poll)
    if said is None:
        return _told_page(meeting_id, respondent_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            done = record_told_choices(work, meeting_id, respondent_id, said.choices, said.comment)
    except Conflict as refused:
        return _told_page(meeting_id, respondent_id, FormState.typed({"": [refused.message]}), 409)
    flash(f"What {done.respondent.name} said is recorded.", "success")
    return redirect(url_for("polls.show", meeting_id=meeting_id), 303)


@pages.get("/mine")
@allowed(ANSWER)
def mine(meeting_id: str) -> Response:
    """Ask the person who is signed in which times suit them."""
    return _mine_page(meeting_id, None)


@pages.post("/mine")
@allowed(ANSWER)
def save_mine(meeting_id: str) -> BaseResponse:
    """Record which times suit the person who is signed in."""
    with reading() as work:
        asked = own_question(work, meeting_id)
    said, errors = read_choices(request.form, asked.poll)
    if said is None:
        return _mine_page(meeting_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            answer_own(work, meeting_id, said.choices, said.comment)
    except Conflict as refused:
        return _mine_page(meeting_id, FormState.typed({"": [refused.message]}), 409)
    return redirect(url_for("polls.mine", meeting_id=meeting_id, said="thanks"), 303)


def answer_page(asked: AskedOfOne, action: str, form: FormState | None, status: int = 200, **context: Any) -> Response:
    """Return the page on which one person says which times suit; `action` is where its form goes."""
    who = asked.respondent
    return render_page(
        "scheduling/poll_answer.html",
        title="Which times suit you?",
        status=status,
        form=form or FormState.saved(said_values(who.choices, who.comment)),
        poll=asked.poll,
        who=who,
        counts=counts_for(asked.poll, who.id),
        action=action,
        options=choice_options(),
        thanks=request.args.get("said") == "thanks" and who.has_answered,
        words=wording,
        asking=polls_wording,
        **context,
    )


def _mine_page(meeting_id: str, form: FormState | None, status: int = 200) -> Response:
    with reading() as work:
        asked = own_question(work, meeting_id)
    return answer_page(asked, url_for("polls.save_mine", meeting_id=meeting_id), form, status, meeting_id=meeting_id)


def _told_page(meeting_id: str, respondent_id: str, form: FormState | None, status: int = 200) -> Response:
    with reading() as work:
        find_poll(work, meeting_id, ASK)
        page = look_at_poll(work, meeting_id)
    who = page.poll.respondent(respondent_id)
    title = f"Which times suit {who.name}?"
    return render_page(
        "scheduling/poll_told.html",
        title=title,
        heading=title,
        status=status,
        page=page,
        who=who,
        form=form or FormState.saved(said_values(who.choices, who.comment)),
        options=choice_options(),
        words=wording,
        asking=polls_wording,
    )


def _poll_page(meeting_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = look_at_poll(work, meeting_id)
    return render_page(
        "scheduling/poll.html",
        title=f"Which times suit: {page.child.name}",
        heading="Which times suit",
        status=status,
        page=page,
        poll=page.poll,
        form=form,
        invite=[each.person_id for each in page.poll.respondents],
        must=[each.person_id for each in page.poll.respondents if each.required],
        words=wording,
        asking=polls_wording,
        wide=True,
    )


def _ask_page(meeting_id: str, form: FormState | None, status: int = 200) -> Response:
    length = (form or FormState.asked()).text("minutes")
    minutes = int(length) if length.isdecimal() and 15 <= int(length) <= 240 else 0
    with reading() as work:
        page = prepare_asking(work, meeting_id, minutes)
    options = slot_options(page.slots)
    saved = {
        "times": [option["value"] for option in options[:PICKED]],
        "minutes": str(page.minutes),
        "closes_on": page.closes_on,
        "invite": [guest.person_id for guest, wanted in page.people if wanted],
        "must": [one.person_id for one, _ in page.people if one.required and one.person_id not in page.unwanted],
    }
    return render_page(
        "scheduling/poll_ask.html",
        title="Ask people first",
        heading="Ask people first",
        status=status,
        page=page,
        form=form or FormState.saved(saved),
        options=[_time_option(option) for option in options],
        own_times=range(1, OWN_TIMES + 1),
        most=MOST_TIMES,
        people=[_person_option(guest, unwanted=guest.person_id in page.unwanted) for guest, _ in page.people],
        unwanted=[guest.name for guest, _ in page.people if guest.person_id in page.unwanted],
        must_be=[{"value": guest.person_id, "text": guest.name} for guest, _ in page.people],
        words=wording,
        asking=polls_wording,
    )


def _time_option(option: dict[str, Any]) -> dict[str, Any]:
    """Return a time as a box to tick, with what speaks for and against it."""
    for_it = " ".join(f"{text[:1].upper()}{text[1:]}." for text in option["good"])
    against = " ".join(f"But: {text}." for text in option["poor"])
    return {"value": option["value"], "text": option["text"], "hint": f"{for_it} {against}".strip()}


def _person_option(guest: Guest, *, unwanted: bool) -> dict[str, Any]:
    reached = guest.email or "No e-mail address: ask them by letter or telephone"
    return {
        "value": guest.person_id,
        "text": f"{guest.name} ({wording.role_title(guest.role)})",
        "hint": f"The child does not want them there. {reached}" if unwanted else reached,
    }
