"""The forms that come with the service, read from `services/pep/forms/<version>/` once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from services.pep.domain.form_reading import FaultyForm, read_form_definition
from services.pep.domain.forms import Form
from shared.kernel.errors import NotFound

FORMS = Path(__file__).resolve().parent.parent / "forms"


def read_json(path: Path) -> Any:
    """Return a JSON file's content; raises `FaultyForm` naming file and line."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as fault:
        raise FaultyForm(f"{path.name}: not JSON, line {fault.lineno}: {fault.msg}") from fault


@cache
def form_of(phase: str, version: str) -> Form:
    """Return the form of a phase in a version; raises `NotFound`, or `FaultyForm` where the file is wrong."""
    folder = FORMS / version
    if version not in versions() or not (folder / f"{phase}.json").is_file():
        raise NotFound("form_not_found", f"There is no {phase} form of version {version}.")
    form = read_form_definition(read_json(folder / f"{phase}.json"), read_json(folder / "shared.json"), f"{phase}.json")
    if (form.phase, form.version) != (phase, version):
        raise FaultyForm(f"{phase}.json: says it is {form.phase} {form.version}, but lies in {version}")
    return form


@cache
def versions() -> tuple[str, ...]:
    """Return the versions that are there, the newest last."""
    return tuple(sorted(path.name for path in FORMS.iterdir() if path.is_dir()))


def current_version() -> str:
    """Return the version that a new plan is made with."""
    return versions()[-1]
