"""The forms of an authority's plans: looking at them, sending an own one, and deciding from when it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.pep.adapters import forms_store
from services.pep.adapters.csv_files import decoded
from services.pep.adapters.form_files import current_version
from services.pep.adapters.forms_store import InForce, OwnForm
from services.pep.domain.forms import Form
from services.pep.domain.terms import Phase
from shared.kernel.errors import InvalidInput, NotFound
from shared.platform.access import may, permit
from shared.platform.work import Work

READ, CHANGE, EXPORT = "pep.form.read", "pep.form.change", "pep.form.export"
LONGEST_TITLE = 200
LARGEST_SHEET = 1_000_000


@dataclass(frozen=True, slots=True)
class PhaseForms:
    """The forms of one phase: the one for new plans today, those decided on for later days, and the own ones."""

    phase: Phase
    now: Form
    since: date | None
    coming: tuple[tuple[date, Form], ...]
    own: tuple[OwnForm, ...]


@dataclass(frozen=True, slots=True)
class FormPage:
    """One form as it is looked at: `own` where it is the authority's, with the days from which it is used."""

    form: Form
    own: OwnForm | None
    used_from: tuple[date, ...]


def list_forms(work: Work) -> list[PhaseForms]:
    """Return the authority's forms, phase by phase."""
    permit(work, READ)
    authority = work.actor.authority
    decided = forms_store.decisions(work.connection, [authority])
    found = []
    for phase in Phase:
        of_phase = [one for one in decided if one.phase == phase]
        now = next((one for one in of_phase if one.from_date <= work.today), None)
        found.append(
            PhaseForms(
                phase=phase,
                now=forms_store.find_form(work.connection, phase, now.version if now else current_version()),
                since=now.from_date if now else None,
                coming=tuple(
                    (one.from_date, forms_store.find_form(work.connection, phase, one.version))
                    for one in reversed(of_phase)
                    if one.from_date > work.today
                ),
                own=tuple(forms_store.own_forms(work.connection, authority, phase)),
            )
        )
    return found


def read_form(work: Work, phase: str, version: str) -> FormPage:
    """Return a form of the authority or one that comes with the suite; raises `NotFound`."""
    permit(work, READ)
    own = forms_store.find_own(work.connection, work.actor.authority, version)
    if own is None and version.startswith(forms_store.OWN):
        raise NotFound("form_not_found", "There is no such form.")
    form = forms_store.find_form(work.connection, phase, version)
    decided = forms_store.decisions(work.connection, [work.actor.authority])
    used = tuple(one.from_date for one in decided if (one.phase, one.version) == (phase, version))
    return FormPage(form, own, used)


def take_away(work: Work, phase: str, version: str) -> Form:
    """Return a form to be handed out as a file; raises as `read_form`."""
    permit(work, EXPORT)
    return read_form(work, phase, version).form


def keep_own_form(work: Work, phase: str, title: str, raw: bytes, file_name: str) -> OwnForm:
    """Keep an authority's own form; plans are made with it only when that is decided (`use_form`).

    Raises `FaultySheet` naming every line that is wrong, `InvalidInput` for the title.
    """
    permit(work, CHANGE)
    known_phase(phase)
    title = title.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise InvalidInput({"title": [f"Enter what the form is called, in {LONGEST_TITLE} characters or fewer."]})
    form = forms_store.read_sheet(raw, file_name, phase, forms_store.OWN, title)
    sheet = decoded(raw, file_name)
    new = OwnForm(
        version=forms_store.version_of(work.actor.authority, phase, title, sheet),
        authority=work.actor.authority,
        phase=form.phase,
        title=title,
        sheet=sheet,
        file_name=file_name,
        kept_at=work.now,
        kept_by=work.actor.person_id,
        kept_by_name=work.actor.name,
    )
    forms_store.keep(work.connection, new)
    return new


def use_form(work: Work, phase: str, version: str, from_date: date) -> None:
    """Decide that new plans of a phase are made with a form from a day on; plans that are there keep theirs.

    Raises `InvalidInput` for a day in the past, `NotFound` for a form that is not the authority's.
    """
    permit(work, CHANGE)
    read_form(work, phase, version)
    if from_date < work.today:
        raise InvalidInput({"from_date": ["Choose today or a later day: plans that were made keep their form."]})
    forms_store.decide(
        work.connection,
        InForce(work.actor.authority, phase, from_date, version, work.now, work.actor.person_id, work.actor.name),
    )


def may_change(work: Work) -> bool:
    """Tell whether the actor may send and decide on forms."""
    return may(work, CHANGE)


def known_phase(phase: str) -> Phase:
    """Return the phase of that name; raises `NotFound`."""
    if phase not in set(Phase):
        raise NotFound("phase_not_found", "There is no such phase.")
    return Phase(phase)
