"""The forms of an authority's plans over the API: what is asked, as data and as a JSON Schema of the answers."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, fields

from services.pep.application import forms
from services.pep.domain.form_schema import answers_schema
from services.pep.domain.form_sheet import FaultySheet
from services.pep.domain.forms import Form, When
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import Day, Text
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("forms_api", __name__, url_prefix="/api/forms", description="What plans ask, phase by phase")


class FormInUseSchema(Schema):
    """The form that new plans of a phase are made with; `since` is absent for the one that comes with the suite."""

    phase = fields.String()
    version = fields.String()
    title = fields.String()
    since = fields.Date(allow_none=True)


class FormSchema(Schema):
    """A form whole, section by section."""

    phase = fields.String()
    version = fields.String()
    title = fields.String()
    sections = fields.List(fields.Dict())


class AnswersSchemaSchema(Schema):
    """A JSON Schema (2020-12) of what the sections of a plan can hold: section, then question."""

    schema = fields.String(data_key="$schema")
    title = fields.String()
    type = fields.String()
    additional = fields.Boolean(data_key="additionalProperties")
    properties = fields.Dict()


class SheetInSchema(Schema):
    """A changed form as the CSV of its spreadsheet."""

    title = Text(required=True, longest=forms.LONGEST_TITLE)
    sheet = fields.String(required=True)


class KeptFormSchema(Schema):
    """A form that was kept; it is used when that is decided."""

    phase = fields.String()
    version = fields.String()
    title = fields.String()


class UseInSchema(Schema):
    """From which day new plans are made with a form."""

    from_date = Day(required=True)


@api.get("")
@allowed(forms.READ)
@api.response(200, FormInUseSchema(many=True))
def index() -> list[dict[str, Any]]:
    """List which form new plans of each phase are made with today."""
    with reading() as work:
        found = forms.list_forms(work)
    return [
        {"phase": one.phase.value, "version": one.now.version, "title": one.now.title, "since": one.since}
        for one in found
    ]


@api.get("/<phase>/<version>")
@allowed(forms.READ)
@api.response(200, FormSchema)
def show(phase: str, version: str) -> dict[str, Any]:
    """Return a form."""
    with reading() as work:
        form = forms.read_form(work, phase, version).form
    return {"phase": form.phase, "version": form.version, "title": form.title, "sections": _sections(form)}


@api.get("/<phase>/<version>/schema")
@allowed(forms.READ)
@api.response(200, AnswersSchemaSchema)
def schema(phase: str, version: str) -> Response:
    """Return a JSON Schema of what the sections of a plan with this form can hold."""
    with reading() as work:
        form = forms.read_form(work, phase, version).form
    return jsonify(answers_schema(form))


@api.post("/<phase>")
@allowed(forms.CHANGE)
@api.arguments(SheetInSchema)
@api.response(201, KeptFormSchema)
def keep(given: dict[str, str], phase: str) -> Any:
    """Keep a changed form; 422 names every fault with its line."""
    raw = given["sheet"].encode(errors="surrogatepass")
    if len(raw) > forms.LARGEST_SHEET:
        raise InvalidInput({"sheet": ["The form is larger than 1 MB."]})
    try:
        with writing() as work:
            return forms.keep_own_form(work, phase, given["title"], raw, "sent over the API")
    except FaultySheet as refused:
        raise InvalidInput({"sheet": [f"Line {one.line}: {one.what}" for one in refused.faults]}) from refused


@api.put("/<phase>/<version>/use")
@allowed(forms.CHANGE)
@api.arguments(UseInSchema)
@api.response(204)
def use(given: dict[str, Any], phase: str, version: str) -> None:
    """Decide from which day new plans are made with a form."""
    with writing() as work:
        forms.use_form(work, phase, version, given["from_date"])


def _sections(form: Form) -> list[dict[str, Any]]:
    return [
        {
            "key": section.key,
            "title": section.title,
            "owner": section.owner.value,
            "intro": section.intro,
            "shown_when": [_when(one) for one in section.shown_when],
            "hidden_when": [_when(one) for one in section.hidden_when],
            "fields": [
                {
                    "key": field.key,
                    "label": field.label,
                    "type": field.type.value,
                    "hint": field.hint,
                    "options": dict(field.options),
                    "required": field.required,
                    "required_when": (
                        {"field": field.required_when.field, "values": list(field.required_when.values)}
                        if field.required_when
                        else None
                    ),
                    "heading": field.heading.value if field.heading else None,
                }
                for field in section.fields
            ],
        }
        for section in form.sections
    ]


def _when(when: When) -> dict[str, Any]:
    if when.circumstance is not None:
        return {"circumstance": when.circumstance.value}
    return {"section": when.section, "field": when.field, "values": list(when.values)}
