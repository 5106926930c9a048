"""What waits for the actor, and the Virtual School's figures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, url_for

from services.virtual_school.application import cohort
from services.virtual_school.application.cohort import MyWork
from services.virtual_school.domain.concerns import Concern
from services.virtual_school.domain.plans import Standing
from services.virtual_school.entrypoints.words import evidence_words
from shared.contracts.permissions import PERMISSIONS
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading

pages = Blueprint("work", __name__)
MOST_OF_A_KIND = 20


@pages.get("/")
@allowed("virtual_school.worklist.read")
def my_work() -> Any:
    """Show the list of what to do next, and to the Virtual School its figures."""
    with reading() as work:
        mine = cohort.my_work(work)
        permission = PERMISSIONS["virtual_school.figures.read"]
        sees_figures = bool(g.actor.kinds & (permission.team | permission.authority))
        figures = cohort.view_figures(work) if sees_figures else None
        today = work.today
    return render_page(
        "virtual_school/work.html",
        title="Virtual School",
        to_rate=_to_rate(mine),
        to_rate_total=mine.to_rate.total,
        concerns=[_concern(concern, name, today) for concern, name in mine.concerns[:MOST_OF_A_KIND]],
        concerns_total=len(mine.concerns),
        late=_late(mine),
        late_total=mine.late_total,
        returned_total=mine.returned_total,
        figures=figures,
        Standing=Standing,
    )


def _to_rate(mine: MyWork) -> list[dict[str, object]]:
    return [
        {
            "what": f"Rate the {listed.plan.title[:1].lower()}{listed.plan.title[1:]}",
            "href": url_for("plans.plan", plan_id=listed.plan.id),
            "child": listed.child_name,
            "why": f"{listed.school + ', s' if listed.school else 'S'}ubmission {listed.plan.submission}.",
            "tag": f"Since {listed.plan.submitted_on:%-d %b}" if listed.plan.submitted_on else "",
        }
        for listed in mine.to_rate.plans[:MOST_OF_A_KIND]
    ]


def _concern(concern: Concern, child_name: str, today: Any) -> dict[str, object]:
    return {
        "what": concern.rule.words,
        "href": url_for("children.child", child_id=concern.child_id, _anchor=f"concern-{concern.id}"),
        "child": child_name,
        "why": evidence_words(concern.rule, concern.evidence),
        "due": concern.answer_by,
        "overdue": concern.is_overdue(today),
    }


def _late(mine: MyWork) -> list[dict[str, object]]:
    return [
        {
            "what": "The plan is late",
            "href": url_for("children.child", child_id=row.child_id),
            "child": row.name,
            "why": f"{row.school or 'No school'}. Caseworker: {row.caseworker or 'nobody yet'}.",
            "due": row.due_on,
            "overdue": True,
        }
        for row in mine.late[:MOST_OF_A_KIND]
    ]
