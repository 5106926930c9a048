"""The lessons a child should not miss for a meeting."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.lessons import (
    LessonWish,
    add_lesson,
    lessons_of,
    may_record_lessons,
    remove_lesson,
)
from services.scheduling.domain.working_hours import WEEKDAYS
from services.scheduling.entrypoints.times_schemas import LessonFormSchema, in_minutes
from services.scheduling.entrypoints.wording import lesson_in_words
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

READ, RECORD = "scheduling.lessons.read", "scheduling.lessons.record"
pages = Blueprint("lessons", __name__, url_prefix="/children/<child_id>/lessons")


@pages.get("")
@allowed(READ)
def show(child_id: str) -> Response:
    """Show the lessons a child should not miss, and ask for another."""
    return _page(child_id, FormState.saved())


@pages.post("")
@allowed(RECORD)
def add(child_id: str) -> BaseResponse:
    """Keep another lesson."""
    with reading() as work:
        may_record_lessons(work, child_id)
    values, errors = read_form(LessonFormSchema())
    if not errors:
        try:
            with writing() as work:
                lesson = add_lesson(work, child_id, LessonWish(**in_minutes(values)))
        except InvalidInput as refused:
            errors = {key: list(messages) for key, messages in refused.errors.items()}
        else:
            flash(
                f"Times during {lesson.what} are {'not' if lesson.never else 'now the last to be'} offered.", "success"
            )
            return redirect(url_for("lessons.show", child_id=child_id), 303)
    return _page(child_id, FormState.typed(errors), 422)


@pages.post("/<lesson_id>/remove")
@allowed(RECORD)
def remove(child_id: str, lesson_id: str) -> BaseResponse:
    """Take a lesson off the list."""
    with writing() as work:
        remove_lesson(work, child_id, lesson_id)
    flash("The lesson is off the list.", "success")
    return redirect(url_for("lessons.show", child_id=child_id), 303)


def _page(child_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        found = lessons_of(work, child_id)
    return render_page(
        "scheduling/lessons.html",
        title="Lessons to keep clear of",
        status=status,
        form=form,
        found=found,
        lessons=[(one, lesson_in_words(one)) for one in found.lessons],
        weekdays=[{"value": str(number), "text": f"Every {name}"} for number, name in enumerate(WEEKDAYS)],
    )
