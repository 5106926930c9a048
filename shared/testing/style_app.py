"""A living page of the suite's look: every macro once, with invented content. The tests of the look open it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, flash, redirect, request, url_for
from flask_smorest import Api
from marshmallow import Schema, fields, validate

from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, Stale
from shared.platform.access import system_actor
from shared.platform.app_factory import create_app
from shared.platform.auth import sign_in
from shared.platform.runtime import Runtime
from shared.platform.service import NavigationItem, ServiceSpec
from shared.platform.tables import service_metadata
from shared.platform.web.access import allowed, public
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import ClockTime, Day, Pence, Text, Whole, YesNo
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import current_runtime
from shared.platform.work import writing_work
from shared.testing.runtimes import add_person, make_runtime

DUE = date(2026, 12, 7)

DEFINITIONS: list[dict[str, Any]] = [
    {"key": "title", "label": "What is the target?", "hint": "One sentence for the child.", "width": 20},
    {"key": "strengths", "label": "What is going well?", "type": "textarea", "max": 400},
    {"key": "subject", "label": "Subject", "type": "select", "options": ["English", "Mathematics", "Science"]},
    {"key": "who", "label": "Who helps?", "type": "radios",
     "options": [{"value": "teacher", "text": "Teacher", "hint": "In lessons"}, {"value": "tutor", "text": "Tutor"}]},
    {"key": "needs", "label": "What is needed?", "type": "checkboxes",
     "options": ["Books", {"value": "room", "text": "A room", "hint": "a.very.long.address@school.northmoor.example"}]},
    {"key": "agreed", "label": "Has the child agreed?", "type": "yes_no"},
    {"key": "by", "label": "By when?", "type": "date"},
    {"key": "at", "label": "At what time?", "type": "time", "optional": True},
    {"key": "cost", "label": "Cost", "type": "money", "hint": "Pupil Premium Plus"},
    {"key": "sessions", "label": "How many sessions?", "type": "number"},
]  # fmt: skip


class TargetSchema(Schema):
    """A target as a form, as JSON and as a row."""

    title = Text(required=True, longest=120, metadata={"label": "Target"})
    strengths = Text(load_default="", longest=400)
    subject = fields.String(required=True, validate=validate.OneOf(["English", "Mathematics", "Science"]))
    who = fields.String(required=True, metadata={"label": "Who helps", "select": True})
    needs = fields.List(fields.String(), load_default=list)
    agreed = YesNo(required=True, metadata={"label": "Whether the child agreed", "select": True})
    by = Day(required=True, metadata={"label": "By when"})
    at = ClockTime(load_default=None, metadata={"label": "Time"})
    cost = Pence(required=True)
    sessions = Whole(required=True)


def _context() -> dict[str, Any]:
    moment = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    return {
        "definitions": DEFINITIONS,
        "work_items": [
            {"what": "Arrange the first PEP meeting", "href": "#", "child": "Amira Lindqvist, Year 4", "due": DUE,
             "why": "The plan must be in place within 10 working days of coming into care.", "overdue": True},
            {"what": "Answer a concern about attendance", "href": "#", "child": "Jonah Achterberg, Year 9", "due": DUE,
             "soon": True, "why": "Attendance fell to 86.5%, under the authority’s 90%."},
            {"what": "Read the submitted plan", "child": "Bo Tallis, Reception", "tag": "Waiting for Mr Hale"},
        ],
        "deadlines": [
            {"title": "First PEP", "date": DUE, "rule": "10 working days", "start": date(2026, 11, 23),
             "state": "overdue", "why": "Counted from Monday 23 November, skipping two Saturdays and two Sundays.",
             "source": "Regulation 4(2)"},
            {"title": "First review", "date": DUE + timedelta(days=7), "rule": "20 working days",
             "start": date(2026, 11, 23), "state": "due_soon", "why": "Counted from the same day.", "source": ""},
            {"title": "Spring term PEP", "date": None, "rule": "Once every school term"},
        ],
        "events": [
            {"title": "Plan submitted", "by": "Dana Whitlock", "at": moment, "text": "On time.\nIn full."},
            {"title": "Meeting held", "by": "Ruth Okafor", "at": date(2026, 11, 18),
             "link": {"href": "#", "text": "The meeting"}},
        ],
        "rows": [
            {"key": "Year group", "value": "Year 4", "href": "#"},
            {"key": "School", "value": None},
            {"key": "Views", "value": "I like maths.\nI want to swim.", "lines": True},
        ],
        "table_rows": [
            [{"text": "Amira Lindqvist", "href": "#"}, "Year 4", "Fernhill Primary School", {"tag": "returned"},
             "97.2%", {"text": "Change", "href": "#", "hidden": "the plan of Amira"}],
            [{"text": "Jonah Achterberg", "href": "#"}, "Year 9", "Long Meadow Hall", {"tag": "approved"}, None, ""],
        ],
        "differences": [{"label": "What goes well?", "theirs": "Reads every night.", "yours": "Reads with his carer."}],
        "chips": [{"text": "Late", "href": "/style?year=9"}, {"text": "Year 9", "href": "/style?late=yes"}],
    }  # fmt: skip


def _pages(app: Flask) -> None:
    @app.get("/style")
    @public("a page of examples")
    def style() -> Response:
        flash("Plan submitted to the Virtual School", "success")
        flash("Two people have not answered yet", "warning")
        return render_page(
            "style.html", title="Style", form=FormState.saved({"by": DUE, "cost": 25050}), wide=True, **_context()
        )

    @app.post("/style")
    @public("a page of examples")
    def save_style() -> Any:
        _values, errors = read_form(TargetSchema())
        if errors:
            return render_page("style.html", title="Style", form=FormState.typed(errors), status=422, **_context())
        app.extensions["saved"] = app.extensions.get("saved", 0) + 1
        return redirect(url_for("done", number=app.extensions["saved"]), 303)

    @app.get("/done/<int:number>")
    @public("a page of examples")
    def done(number: int) -> str:
        return f"saved {number}"

    @app.get("/enter")
    @public("a page of examples")
    def enter() -> str:
        with writing_work(current_runtime(), SPEC, system_actor("northmoor")) as work:
            sign_in(work, "ada")
        return "in"

    @app.get("/mine")
    @allowed("pep.worklist.read")
    def mine() -> Response:
        return render_page("style.html", title="Mine", form=FormState(), **_context())

    @app.post("/mine")
    @allowed("pep.worklist.read")
    def save_mine() -> Any:
        app.extensions["mine"] = request.form.to_dict()
        return redirect(url_for("done", number=1), 303)

    @app.route("/refuse/<kind>", methods=["GET", "POST"])
    @public("a page of examples")
    def refuse(kind: str) -> str:
        if kind == "stale":
            raise Stale("stale", "Someone else changed the target.")
        if kind == "taken":
            raise Conflict("slot_taken", "Somebody else has just taken this time. Choose another.")
        raise ZeroDivisionError(kind)


class PageSchema(Schema):
    """Which page of a list."""

    page = Whole(load_default=1, validate=validate.Range(1, 1_000))


def _target(number: int) -> dict[str, Any]:
    told = {"title": f"Target {number}", "subject": "English", "who": "tutor", "agreed": True, "cost": 100}
    return {**told, "sessions": 2, "by": DUE}


def _api(api: Api) -> None:
    targets = ApiBlueprint("targets", __name__, url_prefix="/api/targets", description="Targets of a plan.")

    @targets.get("/<int:number>")
    @targets.etag
    @targets.response(200, TargetSchema)
    @allowed("pep.worklist.read")
    def read_target(number: int) -> dict[str, Any]:
        """Read a target."""
        return _target(number)

    @targets.get("/")
    @allowed("pep.worklist.read")
    @targets.arguments(PageSchema, location="query")
    @targets.response(200, TargetSchema(many=True, only=("title", "sessions")))
    def list_targets(query: dict[str, Any]) -> list[dict[str, Any]]:
        """List targets, page by page."""
        return [{"title": f"Page {query['page']}", "sessions": query["page"]}]

    @targets.patch("/<int:number>")
    @allowed("pep.worklist.read")
    @targets.etag
    @targets.arguments(TargetSchema(partial=True))
    @targets.response(200, TargetSchema)
    def change_target(values: dict[str, Any], number: int) -> dict[str, Any]:
        """Change a target."""
        kept = _target(number)
        targets.check_etag(kept, TargetSchema)
        return {**kept, **values}

    @targets.post("/")
    @targets.arguments(TargetSchema)
    @targets.response(201, TargetSchema)
    @allowed("pep.worklist.read")
    def add_target(values: dict[str, Any]) -> dict[str, Any]:
        """Add a target.

        Cost is in pence.
        """
        return values

    @targets.get("/refuse")
    @targets.response(200, TargetSchema)
    @allowed("pep.worklist.read")
    def refuse_target() -> dict[str, Any]:
        """Refuse."""
        raise Conflict("slot_taken", "Somebody else has just taken this time. Choose another.", slot=7)

    api.register_blueprint(targets)


SPEC = ServiceSpec(
    name="pep",
    title="Style",
    metadata=service_metadata(),
    register_pages=_pages,
    register_api=_api,
    subscriptions={},
    migrations=Path(__file__).parent,
    templates=Path(__file__).parent / "templates",
    navigation=(
        NavigationItem("Children", "/children"),
        NavigationItem("Style", "/style"),
        NavigationItem("Mine", "/mine"),
    ),
)


def make_style_app(home: Path, **changes: Any) -> tuple[Flask, Runtime]:
    """Return the app of examples on an empty home, with one social worker, `ada`, whom `/enter` signs in."""
    runtime = make_runtime(home, [SPEC])
    add_person(runtime, SPEC, "ada", Role.SOCIAL_WORKER, name="Ada Fenwick")
    app = create_app(SPEC, runtime)
    app.config.update(changes)
    return app, runtime
