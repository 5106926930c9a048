"""The forms of an authority's plans: what each asks, changing one by a spreadsheet, and from when it is used."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response as BaseResponse

from services.pep.application import forms
from services.pep.domain.circumstances import CIRCUMSTANCE_WORDS
from services.pep.domain.form_sheet import COLUMNS, FaultySheet, write_form_sheet
from services.pep.domain.forms import Form, When
from services.pep.entrypoints.form_fields import definitions
from shared.contracts.roles import ROLE_TITLES
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.fields import Day, Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.tables_as_csv import csv_answer
from shared.platform.web.unit import reading, writing
from shared.platform.web.uploads import FileTooLarge, sent_file

pages = Blueprint("forms", __name__, url_prefix="/forms")


class SheetSchema(Schema):
    """What an own form is called."""

    title = Text(required=True, longest=forms.LONGEST_TITLE, metadata={"label": "What the form is called"})


class UseSchema(Schema):
    """From which day a form is used."""

    from_date = Day(required=True, metadata={"label": "First day"})


@pages.get("")
@allowed(forms.READ)
def index() -> Response:
    """Show which form is used in which phase, and which are coming."""
    with reading() as work:
        found = forms.list_forms(work)
        may_change = forms.may_change(work)
    return render_page("pep/forms.html", title="Plan forms", found=found, asked=_count, may_change=may_change)


@pages.get("/<phase>/change")
@allowed(forms.CHANGE)
def change(phase: str) -> Response:
    """Explain how a form is changed, and take the changed spreadsheet."""
    return _change_page(phase, FormState())


@pages.post("/<phase>/change")
@allowed(forms.CHANGE)
def keep(phase: str) -> BaseResponse:
    """Keep a changed form, to be looked at before it is used; every fault is named with its line."""
    values, errors = read_form(SheetSchema())
    try:
        upload = sent_file("sheet", forms.LARGEST_SHEET)
        if upload is None:
            errors = {**errors, "sheet": ["Choose the spreadsheet, saved as CSV."]}
        if errors or upload is None:
            return _change_page(phase, FormState.typed(errors), 422)
        with writing() as work:
            kept = forms.keep_own_form(work, phase, values["title"], upload.content, upload.name)
    except FileTooLarge:
        return _change_page(phase, FormState.typed({"sheet": ["The file is larger than 1 MB."]}), 422)
    except FaultySheet as refused:
        lines = [f"Line {one.line}: {one.what}." if one.line else f"{one.what}." for one in refused.faults]
        return _change_page(phase, FormState.typed({"sheet": lines}), 422)
    except InvalidInput as refused:
        return _change_page(phase, FormState.typed(refused.errors), 422)
    flash("The form has no faults. Look at it, then say from when it is used.", "success")
    return redirect(url_for("forms.show", phase=phase, version=kept.version), 303)


@pages.get("/<phase>/<version>")
@allowed(forms.READ)
def show(phase: str, version: str) -> Response:
    """Show a form as those who write a plan see it."""
    return _form_page(phase, version, FormState())


@pages.get("/<phase>/<version>/sheet.csv")
@allowed(forms.EXPORT)
def sheet(phase: str, version: str) -> Response:
    """Give out a form as a spreadsheet."""
    with reading() as work:
        form = forms.take_away(work, phase, version)
    return csv_answer(f"form-{phase}-{version}.csv", COLUMNS, write_form_sheet(form))


@pages.post("/<phase>/<version>/use")
@allowed(forms.CHANGE)
def use(phase: str, version: str) -> BaseResponse:
    """Decide from when new plans are made with a form."""
    values, errors = read_form(UseSchema())
    try:
        if not errors:
            with writing() as work:
                forms.use_form(work, phase, version, values["from_date"])
            flash("New plans are made with this form from that day. Plans that are there keep theirs.", "success")
            return redirect(url_for("forms.index"), 303)
    except InvalidInput as refused:
        errors = refused.errors
    return _form_page(phase, version, FormState.typed(errors), 422)


def _change_page(phase: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        found = next(one for one in forms.list_forms(work) if one.phase is forms.known_phase(phase))
    typed = form if request.method == "POST" else FormState.saved({"title": found.now.title})
    return render_page(
        "pep/form_change.html",
        title=f"Change the form: {found.phase.words}",
        status=status,
        form=typed,
        found=found,
        phase=found.phase.words,
        columns=COLUMNS,
        circumstances=CIRCUMSTANCE_WORDS,
    )


def _form_page(phase: str, version: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        found = forms.read_form(work, phase, version)
        may_change = forms.may_change(work)
        today = work.today
    return render_page(
        "pep/form.html",
        title=found.form.title,
        status=status,
        form=form if form.errors else FormState.saved({"from_date": today}),
        found=found,
        phase=forms.known_phase(phase).words,
        sections=[
            {
                "section": one,
                "owner": ROLE_TITLES[one.owner],
                "shown": [_in_words(found.form, when) for when in one.shown_when],
                "hidden": [_in_words(found.form, when) for when in one.hidden_when],
                "definitions": [
                    {**each, "key": f"{one.key}-{each['key']}", "needed": field.required, "cites": field.heading}
                    for each, field in zip(definitions(one), one.fields, strict=True)
                ],
            }
            for one in found.form.sections
        ],
        asked=_count(found.form),
        may_change=may_change,
    )


def _count(form: Form) -> int:
    return sum(len(section.fields) for section in form.sections)


def _in_words(form: Form, when: When) -> str:
    if when.circumstance is not None:
        return when.circumstance.words
    section = form.section(when.section)
    field = section.field(when.field) if section is not None else None
    if field is None:
        return ""
    words = dict(field.options) or {"yes": "Yes", "no": "No"}
    said = " or ".join(f"“{words[value]}”" for value in when.values)
    return f"“{field.label}” is answered {said}"
