"""What forms about children let one choose from."""

from __future__ import annotations

from typing import Any

from services.pep.application import schools
from services.pep.domain.children import LEGAL_STATUSES, SEXES
from shared.platform.web.forms import FormState
from shared.platform.work import Work


def details_choices() -> dict[str, list[dict[str, str]]]:
    """Return the codes that a child's details are chosen from."""
    return {
        "legal_statuses": [{"value": code, "text": f"{words} ({code})"} for code, words in LEGAL_STATUSES.items()],
        "sexes": [{"value": code, "text": words} for code, words in SEXES.items() if code],
    }


def chosen_school(work: Work, values: dict[str, Any]) -> str | None:
    """Return the URN of the school picked from the matches, or else typed; None where the box is empty."""
    if values.get("school_urn"):
        return str(values["school_urn"])
    return schools.choose_school(work, values["school"]).urn if values.get("school") else None


def matching_schools(work: Work, form: FormState) -> list[dict[str, str]]:
    """Return the schools to choose from where what was typed means several."""
    if not form.error("school") or not form.text("school"):
        return []
    found, _ = schools.find_schools(work, form.text("school"), limit=schools.CHOICES)
    return [
        {"value": one.urn, "text": one.name, "hint": ", ".join(filter(None, [one.town, f"URN {one.urn}"]))}
        for one in found
    ]
