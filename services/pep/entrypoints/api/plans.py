"""Plans over the API: list, read, fill in section by section, submit, follow the history."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response

from services.pep.application import plan_page, plans, sections
from services.pep.application.plan_page import PlanPage
from services.pep.application.sections import SectionPage
from services.pep.domain.forms import FieldType
from services.pep.domain.history import HistoryEntry
from services.pep.domain.plan import Plan, PlanState
from services.pep.entrypoints.api import plan_answers as schemas
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.answers import Remembered
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

api = ApiBlueprint("plans_api", __name__, url_prefix="/api/plans", description="Plans, their sections and history")

PLAN_FIELDS = tuple(schemas.PlanSchema().fields)

_WHOLE = schemas.WholePlanSchema()
_ANSWERS = Remembered()


@api.get("")
@allowed("pep.plan.read")
@api.arguments(schemas.PlanQuerySchema, location="query")
@api.response(200, schemas.PlanPageSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the plans that the holder of the token may read, by due date, page by page."""
    page, size = query["page"], query["page_size"]
    states = [PlanState(state) for state in query["state"]]
    with reading() as work:
        rows, total = plans.list_plans(
            work, states=states, term=query["term"], child_id=query["child_id"], limit=size, offset=(page - 1) * size
        )
    items = [{**asdict(row.plan), "child_name": row.child_name} for row in rows]
    return {"items": items, "total": total, "page": page, "page_size": size}


@api.get("/<plan_id>")
@allowed("pep.plan.read")
@api.etag
@api.response(200, schemas.WholePlanSchema)
def show(plan_id: str) -> Response:
    """Return a plan with its meeting, how far its sections are, its targets, what is missing, and every step so far."""
    with reading() as work:
        page = plan_page.read_plan(work, plan_id)
    return _ANSWERS.answer((plan_id, work.actor.person_id), page.made_of, lambda: _WHOLE.dump(_whole(page)))


def _whole(page: PlanPage) -> dict[str, Any]:
    return {
        **{name: getattr(page.plan, name) for name in PLAN_FIELDS},
        "child_name": page.child_name,
        "late": page.is_late,
        "meeting": page.meeting,
        "sections": page.sections,
        "targets": [row.target for row in page.targets],
        "missing": page.reasons,
        "history": page.history,
    }


@api.post("/<plan_id>/submission")
@allowed("pep.plan.submit")
@api.arguments(schemas.SubmissionSchema)
@api.response(201, schemas.PlanSchema)
@api.alt_response(422, description="plan_not_ready, with the reasons")
def submit(values: dict[str, Any], plan_id: str) -> Plan:
    """Submit a plan to the Virtual School; 412 when it changed since the version that was read."""
    with writing() as work:
        return plans.submit_plan(work, plan_id, values["version"], values["no_meeting_reason"])


@api.get("/<plan_id>/history")
@allowed("pep.plan.read")
@api.response(200, schemas.HistorySchema(many=True))
def history(plan_id: str) -> list[HistoryEntry]:
    """Return every step of a plan, the newest first."""
    with reading() as work:
        return list(plan_page.read_plan(work, plan_id).history)


@api.get("/<plan_id>/sections/<key>")
@allowed("pep.plan.read")
@api.etag
@api.response(200, schemas.SectionSchema)
def section(plan_id: str, key: str) -> dict[str, Any]:
    """Return a section with its questions and answers."""
    with reading() as work:
        return _section(sections.read_section(work, plan_id, key))


@api.put("/<plan_id>/sections/<key>")
@allowed("pep.plan.read")
@api.etag
@api.arguments(schemas.SectionInSchema)
@api.response(200, schemas.SectionSchema)
def save_section(values: dict[str, Any], plan_id: str, key: str) -> dict[str, Any]:
    """Save a section's answers; a draft may have gaps. Needs If-Match."""
    with writing() as work:
        page = sections.read_section(work, plan_id, key)
        api.check_etag(_section(page), schemas.SectionSchema)
        _money_is_pence(page, values["answers"])
        sections.save_section(work, plan_id, key, values["answers"], page.version, values["reason"])
        return _saved(work, plan_id, key)


def _saved(work: Work, plan_id: str, key: str) -> dict[str, Any]:
    return _section(sections.read_section(work, plan_id, key))


def _section(page: SectionPage) -> dict[str, Any]:
    return {
        "plan_id": page.plan.id,
        "key": page.section.key,
        "title": page.section.title,
        "owner": page.section.owner.value,
        "version": page.version,
        "saved_by": page.saved_by_name,
        "saved_at": page.saved_at,
        "answers": dict(page.answers),
        "missing": [gap.field.key for gap in page.missing],
        "questions": [schemas.question(one) for one in page.section.fields],
    }


def _money_is_pence(page: SectionPage, answers: dict[str, Any]) -> None:
    """Refuse money that is no whole number: "250" would be pounds on a page, and the API speaks of pence."""
    wrong = {
        one.key: ["Send whole pence as a number."]
        for one in page.section.fields
        if one.type is FieldType.MONEY and not isinstance(answers.get(one.key), int | None)
    }
    if wrong:
        raise InvalidInput(wrong)
