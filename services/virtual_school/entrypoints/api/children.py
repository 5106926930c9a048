"""The cohort and one child's attendance and suspensions, as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import Schema

from services.virtual_school.application import attendance, cohort, suspensions
from services.virtual_school.domain.cohort import CohortFilter
from services.virtual_school.entrypoints.api.answers import (
    ChildAttendanceAnswer,
    CohortAnswer,
    SuspensionAnswer,
    UploadAnswer,
)
from services.virtual_school.entrypoints.schemas import CohortQuery, MarksForm, SuspensionForm
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import Day
from shared.platform.web.unit import reading, writing

children = ApiBlueprint("api-children", __name__, url_prefix="/api/children", description="The cohort, and one child.")


class Period(Schema):
    """A period of days, both included; without it the last six weeks."""

    first = Day(load_default=None)
    last = Day(load_default=None)


@children.get("")
@allowed("virtual_school.cohort.read")
@children.arguments(CohortQuery, location="query")
@children.response(200, CohortAnswer)
def list_children(asked: dict[str, Any]) -> Any:
    """List the children you are responsible for.

    Filter by the state of the plan, phase, school, caseworker, year group, name, attendance; 50 to a page.
    """
    with reading() as work:
        return cohort.view_cohort(work, CohortFilter(**asked)).cohort


@children.get("/<child_id>/attendance")
@allowed("virtual_school.child.read")
@children.arguments(Period, location="query")
@children.response(200, ChildAttendanceAnswer)
def read_attendance(period: dict[str, Any], child_id: str) -> Any:
    """Read a child's marks over a period, and what they add up to."""
    with reading() as work:
        last = period["last"] or work.today
        first = period["first"] or last - timedelta(days=41)
        return attendance.view_marks(work, child_id, first, last)


@children.post("/<child_id>/attendance")
@allowed("virtual_school.attendance.record")
@children.arguments(MarksForm)
@children.response(201, UploadAnswer)
def record_attendance(sent: dict[str, Any], child_id: str) -> Any:
    """Record marks of a child, all of them or (422) none.

    A mark that differs from the one held is left as it is, unless `replace` is true; the answer counts both.
    """
    marks = [(mark["date"], mark["session"], mark["code"]) for mark in sent["marks"]]
    with writing() as work:
        return attendance.record_marks(work, child_id, marks, replace_held=sent["replace"])


@children.get("/<child_id>/suspensions")
@allowed("virtual_school.child.read")
@children.response(200, SuspensionAnswer(many=True))
def list_suspensions(child_id: str) -> Any:
    """List a child's suspensions and permanent exclusions, newest first."""
    with reading() as work:
        return suspensions.suspensions_of(work, child_id)


@children.post("/<child_id>/suspensions")
@allowed("virtual_school.suspension.record")
@children.arguments(SuspensionForm)
@children.response(201, SuspensionAnswer)
def record_suspension(sent: dict[str, Any], child_id: str) -> Any:
    """Record a suspension; it raises a concern with the social worker by the authority's rule."""
    with writing() as work:
        return suspensions.record_suspension(work, child_id, **{**sent, "reasons": tuple(sent["reasons"])})
