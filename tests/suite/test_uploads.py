"""Every way in which a file comes in: its bytes tell what it is, its name is only shown, nothing is unpacked."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from shared.platform.web.uploads import LARGEST, LONGEST_NAME, shown_name
from tests.suite.access_world import SCHOOL, SPECS, AccessWorld

ROOT = Path(__file__).parents[2]
TEACHER, HEAD = "our-designated_teacher", "our-virtual_school_head"
MARKS = b"reference,date,session,code\r\n700000,2026-11-16,AM,/\r\n"
TERM = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260901T090000Z\r\n"
    b"DTSTART;VALUE=DATE:20270104\r\nSUMMARY:First day of term\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
WAYS = {
    "attendance page": ("virtual_school", "/attendance", "file", MARKS),
    "suspension page": ("virtual_school", "/suspensions", "file", b""),
    "calendar page": ("scheduling", f"/schools/{SCHOOL}/terms", "calendar", TERM),
    "form page": ("pep", "/forms/secondary/change", "sheet", b""),
    "attendance API": ("virtual_school", "/api/attendance-imports", "", MARKS),
    "calendar API": ("scheduling", f"/api/schools/{SCHOOL}/terms", "calendar", TERM),
}
"""Which service, where, in which field, and something that is taken."""

TAKES_FILES = {
    "services/virtual_school/entrypoints/api/attendance_imports.py",
    "shared/platform/web/api.py",  # reads an answer of ours
    "shared/platform/web/late_forms.py",  # keeps no form that has a file
    "shared/platform/web/uploads.py",
}
NAMES = [
    "../../../etc/passwd",
    "C:\\marks\\week.csv",
    "a\x00b\x07y.csv",
    "=cmd|'/C calc'!A0.csv",
    "x" * 5000 + ".csv",
    "<script>alert(1)</script>.csv",
    "\u202evsc.exe",
    "..",
]


def zipped() -> bytes:
    """A zip of 20 MB that weighs 20 kB, as a spreadsheet is one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../marks.csv", MARKS + b"\n" * 20_000_000)
    return out.getvalue()


NOT_WHAT_IT_SAYS = {
    "a zip file": zipped(),
    "a gzip file": gzip.compress(MARKS + b"\n" * 20_000_000),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "a document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj <<>> endobj\n",
    "a program": b"MZ\x90\x00\x03" + bytes(500),
    "a page": b"<html><script>alert(1)</script></html>",
    "nothing": b"",
    "one endless cell": MARKS[:30] + b'"' + b"x" * 300_000,
    "entries in entries": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 5_000,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    made = AccessWorld(tmp_path_factory.mktemp("uploads"))
    yield made
    made.runtime.close()


def send(world: AccessWorld, way: str, content: bytes, name: str = "week.csv") -> TestResponse:
    service, path, field, _ = WAYS[way]
    client = world.client(service, HEAD if way == "form page" else TEACHER)
    if way == "attendance API":
        return client.post(path, data=content, query_string={"file_name": name}, content_type="text/csv")
    if way == "calendar API":
        return client.put(path, json={"calendar": content.decode("utf-8", "replace")}, headers={"If-Match": "*"})
    boundary, body = encode_multipart({"title": "Ours", field: FileStorage(io.BytesIO(content), filename=name)})
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def rows(world: AccessWorld) -> dict[str, int]:
    """Count what marks, suspensions, term dates and own forms there are."""
    found = {}
    for spec in SPECS:
        with world.runtime.database(spec.name).reading() as connection:
            for name in ("mark", "suspension", "term_date", "own_form"):
                if name in spec.metadata.tables:
                    query = select(func.count()).select_from(spec.metadata.tables[name])
                    found[name] = int(connection.execute(query).scalar_one())
    return found


def test_files_come_in_at_the_places_that_are_tried_here_and_at_no_other() -> None:
    reads = re.compile(r"request\.files|\.get_data\(|request\.stream")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("services", "shared/platform", "suite")
        for path in (ROOT / folder).rglob("*.py")
        if reads.search(path.read_text(encoding="utf-8"))
    }
    assert found == TAKES_FILES
    sent = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "services").rglob("*.py")
        if "sent_file(" in path.read_text(encoding="utf-8")
    }
    assert sent == {
        "services/pep/entrypoints/pages/forms.py",
        "services/scheduling/entrypoints/pages/terms.py",
        "services/virtual_school/entrypoints/pages/attendance.py",
        "services/virtual_school/entrypoints/pages/suspensions.py",
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", NOT_WHAT_IT_SAYS)
def test_what_is_no_such_file_is_refused_with_words_and_nothing_is_recorded(
    world: AccessWorld, way: str, what: str
) -> None:
    before, files = rows(world), sorted(Path(world.runtime.settings.home).iterdir())
    answer = send(world, way, NOT_WHAT_IT_SAYS[what], "week.csv" if "calendar" not in way else "terms.ics")
    assert answer.status_code == 422, answer.text[:300]
    assert rows(world) == before
    assert sorted(Path(world.runtime.settings.home).iterdir()) == files


@pytest.mark.parametrize("way", [way for way, (*_, good) in WAYS.items() if good and way != "calendar API"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_ever_shown(world: AccessWorld, way: str, name: str) -> None:
    files = sorted(Path(world.runtime.settings.home).iterdir())
    answer = send(world, way, WAYS[way][3], name)
    assert answer.status_code in (201, 303), answer.text[:300]
    assert sorted(Path(world.runtime.settings.home).iterdir()) == files
    page = world.client(WAYS[way][0], TEACHER).get(WAYS[way][1] if "API" not in way else "/attendance").text
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "\x00" not in page


@pytest.mark.parametrize("way", ["attendance page", "suspension page", "calendar page"])
def test_a_file_beyond_the_limit_is_refused_before_it_is_read(world: AccessWorld, way: str) -> None:
    answer = send(world, way, b"x" * (LARGEST + 1))
    assert answer.status_code == 422
    assert "larger than" in answer.text


@pytest.mark.parametrize("name", [*NAMES, "a\r\nX: y.csv"])
def test_a_shown_name_is_short_has_no_folder_and_nothing_that_cannot_be_seen(name: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown) <= LONGEST_NAME
    assert not set(shown) & set("/\\\x00\r\n\u202e")
