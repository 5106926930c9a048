"""Files of attendance marks, sent by programs."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import Schema, fields

from services.virtual_school.application import attendance
from services.virtual_school.entrypoints.api.answers import UploadAnswer
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing
from shared.platform.web.uploads import shown_name

imports = ApiBlueprint(
    "api-attendance-imports",
    __name__,
    url_prefix="/api/attendance-imports",
    description="CSV files of attendance marks.",
)


class ImportQuery(Schema):
    """How to import."""

    replace = fields.Boolean(load_default=False)
    file_name = fields.String(load_default="")


@imports.post("")
@allowed("virtual_school.attendance.record")
@imports.arguments(ImportQuery, location="query")
@imports.response(201, UploadAnswer)
@imports.doc(requestBody={"content": {"text/csv": {"schema": {"type": "string"}}}})
def send_file(asked: dict[str, Any]) -> Any:
    """Record a CSV file of marks: `upn`, `reference` or `child_id`; `date`; `session` (AM or PM); `code`.

    Good rows are recorded, the others are in `problems` with their line. A file with a wrong heading records nothing
    (422). Marks that differ from those held are left as they are, unless `replace=true`.
    """
    content = request.get_data(cache=False)
    with writing() as work:
        return attendance.import_attendance(
            work, content, shown_name(asked["file_name"]), replace_held=asked["replace"]
        )


@imports.get("/<upload_id>")
@allowed("virtual_school.attendance.record")
@imports.response(200, UploadAnswer)
def read_upload(upload_id: str) -> Any:
    """Read what became of a file that you sent."""
    with reading() as work:
        return attendance.view_upload(work, upload_id)
