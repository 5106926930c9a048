"""How vobject, icalendar and libical read a calendar, and how ical.js and node-ical do (in one Node process)."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import icalendar
import pytest
import vobject

HERE = Path(__file__).parent
FACTS = ("method", "uid", "start", "end", "zone", "summary", "organizer", "attendee", "attendees", "sequence")
Facts = dict[str, Any]


def missing(what: str) -> None:
    """Fail where everything must be there, skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing; it judges the invitations.")
    pytest.skip(f"{what} is not installed")


@cache
def node_folder() -> Path:
    """Return the folder with the programs for Node in their pinned versions; installed once, into the user's cache."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("Node with npm")
    wanted = (HERE / "package.json").read_bytes()
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pep-suite"
    folder = base / f"judges-{hashlib.sha256(wanted).hexdigest()[:16]}"
    if not (folder / "node_modules").is_dir():
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=base) as fresh:
            made = Path(fresh) / "judges"
            made.mkdir()
            (made / "package.json").write_bytes(wanted)
            install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(install, cwd=made, capture_output=True, text=True, timeout=110, check=False)
            if done.returncode:
                missing(f"What npm was to install ({done.stderr.strip().splitlines()[-1:]})")
            with contextlib.suppress(OSError):  # another process of the tests was first
                made.rename(folder)
    return folder


def by_node(calendars: list[bytes]) -> list[dict[str, Facts]]:
    """Return how ical.js (`icaljs`) and node-ical (`nodeical`) read each calendar."""
    asked = json.dumps([raw.decode() for raw in calendars])
    command = ["node", str(HERE / "read_calendars.mjs"), str(node_folder())]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    read: list[dict[str, Facts]] = json.loads(done.stdout)
    return read


def by_icalendar(raw: bytes) -> Facts:
    """Return how icalendar reads a calendar."""
    calendar = icalendar.Calendar.from_ical(raw)
    (event,) = calendar.walk("VEVENT")
    start = event.get("DTSTART")
    return {
        "method": str(calendar["METHOD"]),
        "uid": str(event["UID"]),
        "start": _instant(start.dt) if start else None,
        "end": _instant(event["DTEND"].dt) if start else None,
        "zone": start.params.get("TZID", "UTC") if start else None,
        "summary": event.get("SUMMARY"),
        "location": event.get("LOCATION"),
        "organizer": str(event["ORGANIZER"]),
        "attendee": str(event["ATTENDEE"]),
        "name": event["ATTENDEE"].params.get("CN"),
        "attendees": 1 if isinstance(event["ATTENDEE"], str) else len(event["ATTENDEE"]),
        "sequence": event["SEQUENCE"],
    }


def by_vobject(raw: bytes) -> Facts:
    """Return how vobject reads a calendar."""
    calendar = vobject.readOne(raw.decode())
    (event,) = calendar.vevent_list
    start = getattr(event, "dtstart", None)
    return {
        "method": calendar.method.value,
        "uid": event.uid.value,
        "start": _instant(start.value) if start else None,
        "end": _instant(event.dtend.value) if start else None,
        "zone": start.params.get("X-VOBJ-ORIGINAL-TZID", ["UTC"])[0] if start else None,
        "summary": event.summary.value if start else None,
        "location": event.location.value if hasattr(event, "location") else None,
        "organizer": event.organizer.value,
        "attendee": event.attendee.value,
        "name": event.attendee.params.get("CN", [None])[0],
        "attendees": len(event.attendee_list),
        "sequence": int(event.sequence.value),
    }


class _Time(ctypes.Structure):
    """`struct icaltimetype` of libical 3."""

    _fields_ = [
        *[(name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")],
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    ]


@cache
def libical() -> ctypes.CDLL:
    """Return libical 3."""
    name = ctypes.util.find_library("ical")
    if name is None:
        missing("libical (Debian package libical3)")
    library = ctypes.CDLL(name)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for function, gives, takes in (
        ("icalparser_parse_string", pointer, (text,)),
        ("icalrestriction_check", number, (pointer,)),
        ("icalcomponent_count_errors", number, (pointer,)),
        ("icalcomponent_free", None, (pointer,)),
        ("icalcomponent_string_to_kind", number, (text,)),
        ("icalcomponent_get_first_component", pointer, (pointer, number)),
        ("icalcomponent_count_properties", number, (pointer, number)),
        ("icalcomponent_get_first_property", pointer, (pointer, number)),
        ("icalproperty_string_to_kind", number, (text,)),
        ("icalproperty_get_value_as_string", text, (pointer,)),
        ("icalproperty_get_parameter_as_string", text, (pointer, text)),
        ("icalcomponent_get_summary", text, (pointer,)),
        ("icalcomponent_get_location", text, (pointer,)),
        ("icalcomponent_get_dtstart", _Time, (pointer,)),
        ("icalcomponent_get_dtend", _Time, (pointer,)),
        ("icaltime_as_timet_with_zone", ctypes.c_long, (_Time, pointer)),
        ("icaltimezone_get_tzid", text, (pointer,)),
    ):
        found = getattr(library, function)
        found.restype, found.argtypes = gives, takes
    return library


def keeps_the_rules(raw: bytes) -> bool:
    """Tell whether libical finds a calendar in keeping with RFC 5546: what each METHOD must and must not hold."""
    component = libical().icalparser_parse_string(raw)
    assert component
    try:
        kept = libical().icalrestriction_check(component) == 1
        return kept and libical().icalcomponent_count_errors(component) == 0
    finally:
        libical().icalcomponent_free(component)


def by_libical(raw: bytes) -> Facts:
    """Return how libical reads a calendar."""
    library = libical()
    calendar = library.icalparser_parse_string(raw)
    try:
        event = library.icalcomponent_get_first_component(calendar, library.icalcomponent_string_to_kind(b"VEVENT"))

        def kind(name: str) -> int:
            return int(library.icalproperty_string_to_kind(name.encode()))

        def first(name: str, of: Any = event) -> Any:
            return library.icalcomponent_get_first_property(of, kind(name))

        def value(name: str, of: Any = event) -> str | None:
            found = first(name, of)
            return str(library.icalproperty_get_value_as_string(found).decode()) if found else None

        def text(raw_text: bytes | None) -> str | None:
            return raw_text.decode() if raw_text is not None else None

        def instant(time: _Time) -> str:
            return _instant(datetime.fromtimestamp(library.icaltime_as_timet_with_zone(time, time.zone), UTC))

        timed = first("DTSTART") is not None
        start = library.icalcomponent_get_dtstart(event)
        return {
            "method": value("METHOD", calendar),
            "uid": value("UID"),
            "start": instant(start) if timed else None,
            "end": instant(library.icalcomponent_get_dtend(event)) if timed else None,
            "zone": text(library.icaltimezone_get_tzid(start.zone)) if timed else None,
            "summary": text(library.icalcomponent_get_summary(event)),
            "location": text(library.icalcomponent_get_location(event)),
            "organizer": value("ORGANIZER"),
            "attendee": value("ATTENDEE"),
            "name": text(library.icalproperty_get_parameter_as_string(first("ATTENDEE"), b"CN")),
            "attendees": library.icalcomponent_count_properties(event, kind("ATTENDEE")),
            "sequence": int(value("SEQUENCE") or -1),
        }
    finally:
        library.icalcomponent_free(calendar)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
