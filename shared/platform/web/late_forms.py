"""Forms that come after the session's end: kept for whom the browser's signed cookie names."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request, session

from shared.platform import kept_forms
from shared.platform.auth import TIMED_OUT
from shared.platform.kept_forms import Pairs
from shared.platform.web.unit import current_runtime, current_spec

FIELD = "kept_form"
_OF_THE_PAGE = frozenset({"csrf_token", "form_key", "kept_path", FIELD})
_SECRET = "password"  # nosec B105  # noqa: S105 - how the name of a field ends that is typed again rather than kept


def keep_late_form() -> str:
    """Keep the form of this request, whose person was signed out by time; return where it is offered again.

    Empty for anything else. A form that brings a file is not kept, since the file would be missing.
    """
    person_id = str(session.get(TIMED_OUT, ""))
    if request.method != "POST" or not person_id or request.files:
        return ""
    return keep(person_id, request.script_root + request.path, request.form.items(multi=True))


def keep(person_id: str, path: str, fields: Iterable[tuple[str, str]]) -> str:
    """Keep a form for a person; return where it is offered again, or an empty text where there is nothing to keep."""
    runtime = current_runtime()
    pairs: Pairs = [(name, value) for name, value in fields if name not in _OF_THE_PAGE and not name.endswith(_SECRET)]
    with runtime.database(current_spec().name).writing() as connection:
        kept_id = kept_forms.keep(connection, person_id, path, pairs, runtime.clock.now())
    return f"{request.script_root}/kept/{kept_id}" if kept_id else ""
