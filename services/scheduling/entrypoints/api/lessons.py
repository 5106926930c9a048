"""The lessons a child should not miss, over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.application.lessons import LessonWish, add_lesson, lessons_of, remove_lesson
from services.scheduling.domain.lessons import Lesson
from services.scheduling.entrypoints.api.clock import as_clock
from services.scheduling.entrypoints.times_schemas import LessonFormSchema, in_minutes
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

blueprint = ApiBlueprint(
    "lessons_api", __name__, url_prefix="/api/children", description="Lessons a child should not miss for a meeting."
)


class LessonSchema(Schema):
    """A lesson: on a weekday (0 for Monday) until a day, or on one day."""

    id = fields.String()
    what = fields.String()
    weekday = fields.Integer(allow_none=True, validate=validate.Range(0, 4))
    day = fields.Date(allow_none=True)
    starts = fields.String(metadata={"description": "Wall-clock time in England, such as 10:00"})
    ends = fields.String()
    until = fields.Date(allow_none=True)
    never = fields.Boolean(metadata={"description": "No time during it is offered; otherwise such times come last"})
    childs_wish = fields.Boolean()
    recorded_by = fields.String()
    recorded_at = fields.AwareDateTime()


@blueprint.get("/<child_id>/lessons")
@allowed("scheduling.lessons.read")
@blueprint.response(200, LessonSchema(many=True))
def list_lessons(child_id: str) -> list[dict[str, Any]]:
    """List the lessons that are not over."""
    with reading() as work:
        return [_shown(one) for one in lessons_of(work, child_id).lessons]


@blueprint.post("/<child_id>/lessons")
@allowed("scheduling.lessons.record")
@blueprint.arguments(LessonFormSchema)
@blueprint.response(201, LessonSchema)
def post_lesson(given: dict[str, Any], child_id: str) -> dict[str, Any]:
    """Keep another lesson; what a child says themself is their wish and never rules a time out."""
    with writing() as work:
        return _shown(add_lesson(work, child_id, LessonWish(**in_minutes(given))))


@blueprint.delete("/<child_id>/lessons/<lesson_id>")
@allowed("scheduling.lessons.record")
@blueprint.response(204)
def delete_lesson(child_id: str, lesson_id: str) -> None:
    """Take a lesson off the list."""
    with writing() as work:
        remove_lesson(work, child_id, lesson_id)


def _shown(one: Lesson) -> dict[str, Any]:
    shown = {name: getattr(one, name) for name in LessonSchema().fields}
    return shown | {"starts": as_clock(one.starts), "ends": as_clock(one.ends)}
