"""Pages of the people of the authority: the list, one person, recording and correcting them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from services.pep.adapters.people_store import PeopleFilter
from services.pep.application import accounts, caseload, people, schools
from services.pep.application.people import PersonRecord
from services.pep.domain.people import PersonDetails
from services.pep.domain.team import STAFF, TEAM_ROLES
from services.pep.entrypoints.pages.child_choices import chosen_school, matching_schools
from services.pep.entrypoints.pages.posted import posted_version
from services.pep.entrypoints.people_schemas import PeopleQuerySchema, PersonFormSchema
from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput, Stale
from shared.platform.access import may
from shared.platform.roster import Person
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

pages = Blueprint("people", __name__)

PAGE_SIZE = 50
LABELS = {
    "name": "Name",
    "email": "E-mail address",
    "roles": "Roles",
    "organisation": "Organisation",
    "school_urn": "School",
}


@pages.get("/people")
@allowed("pep.people.read")
def index() -> Response:
    """List the staff and designated teachers, narrowed by what the address says."""
    asked = _asked()
    with reading() as work:
        chosen = PeopleFilter(
            search=asked["search"],
            role=Role(asked["role"]) if asked["role"] else None,
            school_urn=asked["school_urn"],
            here=asked["here"],
        )
        found, total = people.list_people(work, chosen, offset=(asked["page"] - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        names = schools.school_names(work, [person.school_urn for person in found] + [asked["school_urn"]])
        taught = people.schools_of_teachers(work)
        may_add, may_add_school = may(work, "pep.person.record"), may(work, "pep.school.record")
    return render_page(
        "pep/people.html",
        title="People",
        wide=True,
        form=FormState.asked(),
        found=[(person, _roles_in_words(person.kinds)) for person in found],
        schools=names,
        school_choices=[{"value": one.urn, "text": one.name} for one in taught],
        total=total,
        page=asked["page"],
        page_count=max(1, -(-total // PAGE_SIZE)),
        page_url=lambda number: _address({**request.args, "page": str(number)}),
        chips=_chips(asked, names),
        roles=_role_choices(STAFF),
        may_add=may_add,
        may_add_school=may_add_school,
    )


@pages.get("/people/new")
@allowed("pep.person.record")
def new() -> Response:
    """Ask for the details of somebody new; the address may say the role, the school and for whose team it is."""
    with reading() as work:
        role, urn = request.args.get("role", ""), request.args.get("school", "")
        school = schools.school_named(work, urn)
        known = {"roles": [role] if role else [], "school": school.urn if school else ""}
        return _form_page(work, FormState.saved(known))


@pages.post("/people/new")
@allowed("pep.person.record")
def record() -> Response:
    """Record somebody new."""
    values, errors = read_form(PersonFormSchema())
    if not errors:
        try:
            with writing() as work:
                person = people.record_new(work, _details(work, values))
        except InvalidInput as refusal:
            errors = _on_page(refusal)
        else:
            flash(f"{person.name} is recorded and may sign in.", "success")
            return redirect(_way_back(person, values["roles"]), 303)
    with reading() as work:
        return _form_page(work, FormState.typed(errors), status=422)


@pages.get("/people/<person_id>")
@allowed("pep.people.read")
def show(person_id: str) -> Response:
    """Show one person: what is recorded, and the children of whose teams they are."""
    with reading() as work:
        record = people.person_record(work, person_id)
        places = people.held_places(work, person_id)
        return render_page(
            "pep/person.html",
            title=record.person.name,
            person=record.person,
            version=record.version,
            roles=record.roles,
            school=schools.school_named(work, record.person.school_urn),
            places=[one for one in places if one.child_name],
            beyond=sum(not one.child_name for one in places),
            today=work.today,
            may_change=people.may_change_person(work, record.person),
            is_oneself=work.actor.person_id == person_id,
            accounts=accounts.accounts_of(work, person_id),
            issuers={one.url: one.name for one in work.settings.issuers},
            hands_over=record.person.active and caseload.roles_to_hand_over(work, person_id),
        )


@pages.get("/people/<person_id>/details")
@allowed("pep.person.record")
def details(person_id: str) -> Response:
    """Show somebody's details to be changed."""
    with reading() as work:
        record = people.person_record(work, person_id)
        return _form_page(work, FormState.saved(_recorded(record)), record=record)


@pages.post("/people/<person_id>/details")
@allowed("pep.person.record")
def change(person_id: str) -> Response:
    """Change somebody's details; a stale edit shows both texts."""
    values, errors = read_form(PersonFormSchema())
    if not errors:
        try:
            with writing() as work:
                recorded = people.person_record(work, person_id).person
                yours = _details(work, values, recorded.school_urn)
                person = people.change_person(work, person_id, posted_version(), yours)
        except InvalidInput as refusal:
            errors = _on_page(refusal)
        except Stale:
            with reading() as work:
                record = people.person_record(work, person_id)
                differences = _differences(work, record, yours)
                return _form_page(work, FormState.typed(), record=record, differences=differences, status=412)
        else:
            flash(f"{person.name}’s details are saved.", "success")
            return redirect(url_for(".show", person_id=person_id), 303)
    with reading() as work:
        record = people.person_record(work, person_id)
        return _form_page(work, FormState.typed(errors), record=record, seen=posted_version(), status=422)


def _details(work: Work, values: dict[str, Any], kept: str | None = None) -> PersonDetails:
    """Return what was typed; the school that is recorded already may be kept even where it has closed."""
    keeps = kept is not None and values["school"] == kept and not values["school_urn"]
    return PersonDetails(
        name=values["name"],
        email=values["email"],
        roles=frozenset(Role(role) for role in values["roles"]),
        organisation=values["organisation"],
        school_urn=kept if keeps else chosen_school(work, values),
    )


def _on_page(refusal: InvalidInput) -> dict[str, list[str]]:
    return {("school" if key == "school_urn" else key): words for key, words in refusal.errors.items()}


def _way_back(person: Person, roles: list[str]) -> str:
    """Return to the team for which the person was recorded, or show them."""
    child_id = request.form.get("child", "")
    role = next((one.value for one in TEAM_ROLES if one.value in roles), "")
    if child_id and role:
        return url_for("team.add", child_id=child_id, role=role)
    return url_for(".show", person_id=person.id)


def _recorded(record: PersonRecord) -> dict[str, Any]:
    person = record.person
    return {
        "name": person.name,
        "email": person.email,
        "roles": [role.value for role in record.roles],
        "organisation": person.organisation,
        "school": person.school_urn,
    }


def _differences(work: Work, record: PersonRecord, yours: PersonDetails) -> list[dict[str, str]]:
    person = record.person
    theirs = PersonDetails(
        person.name, person.email or "", frozenset(record.roles), person.organisation, person.school_urn
    )
    names = schools.school_names(work, [theirs.school_urn, yours.school_urn])

    def words(one: PersonDetails, name: str) -> str:
        if name == "roles":
            return _roles_in_words(one.roles)
        value = getattr(one, name)
        return names.get(value, f"URN {value}") if name == "school_urn" and value else str(value or "")

    return [
        {"label": label, "theirs": words(theirs, name), "yours": words(yours, name)}
        for name, label in LABELS.items()
        if getattr(theirs, name) != getattr(yours, name)
    ]


def _form_page(
    work: Work,
    form: FormState,
    *,
    record: PersonRecord | None = None,
    differences: list[dict[str, str]] | None = None,
    seen: int | None = None,
    status: int = 200,
) -> Response:
    person = record.person if record else None
    return render_page(
        "pep/person_form.html",
        title=f"Change {person.name}’s details" if person else "Record a person",
        status=status,
        person=person,
        version=(seen or record.version) if record else None,
        form=form,
        roles=_role_choices(people.roles_to_give(work)),
        matching_schools=matching_schools(work, form),
        differences=differences or [],
        for_child=(request.form if request.method == "POST" else request.args).get("child", ""),
        may_add_school=may(work, "pep.school.record"),
    )


def _role_choices(roles: Any) -> list[dict[str, str]]:
    return [{"value": role.value, "text": role.title} for role in roles]


def _roles_in_words(roles: frozenset[Role]) -> str:
    return ", ".join(role.title for role in STAFF if role in roles)


def _asked() -> dict[str, Any]:
    """Return the filters of the address; what cannot be read counts as not given."""
    schema = PeopleQuerySchema()
    given = {key: value for key, value in request.args.items() if value != "" and key in schema.fields}
    for name in schema.validate(given):
        given.pop(name, None)
    return dict(schema.load(given))


def _chips(asked: dict[str, Any], names: dict[str, str]) -> list[dict[str, str]]:
    shown = {
        "search": f"Name, address or organisation: {asked['search']}" if asked["search"] else "",
        "role": Role(asked["role"]).title if asked["role"] else "",
        "school_urn": names.get(asked["school_urn"], f"URN {asked['school_urn']}") if asked["school_urn"] else "",
        "here": "" if asked["here"] else "No longer here",
    }
    without = {name: {key: value for key, value in request.args.items() if key not in (name, "page")} for name in shown}
    return [{"text": text, "href": _address(without[name])} for name, text in shown.items() if text]


def _address(arguments: dict[str, str]) -> str:
    return f"{url_for('.index')}?{urlencode(arguments)}" if arguments else url_for(".index")
