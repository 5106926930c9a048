"""The page “Team around the child”, and how people join it, leave it and hand over."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from services.pep.application import children, parents, team
from services.pep.application.worklist import missing_roles
from services.pep.domain.team import FAMILY, ONE_AT_A_TIME, TEAM_ROLES, was_never_taken
from services.pep.entrypoints.child_schemas import EndSchema, HandOverSchema, JoinSchema, LanguageSchema
from shared.contracts.languages import ENGLISH, LANGUAGES
from shared.contracts.parents import Matter
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, NoSuchRecord
from shared.platform.access import may
from shared.platform.roster import Membership
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

pages = Blueprint("team", __name__)

LANGUAGE_CHOICES = [
    {"value": ENGLISH, "text": "English"},
    *({"value": code, "text": name} for code, name in LANGUAGES.items()),
]
FAMILY_IN_ORDER = tuple(role for role in TEAM_ROLES if role in FAMILY)


@pages.get("/children/<child_id>/team")
@allowed("pep.team.read")
def show(child_id: str) -> Response:
    """Show who is on the team, who will be, and who was."""
    with reading() as work:
        child = children.child_record(work, child_id)
        everyone = [one for one in team.whole_team_of(work, child_id) if not was_never_taken(one)]
        now = [one for one in everyone if one.from_date <= work.today and not _has_left(one, work)]
        sees_parents = may(work, "pep.parents.read", child_id)
        views = parents.parents_of(work, child_id) if sees_parents else []
        missing = missing_roles(now) if child.in_care else []
        if not children.sees_school(work, child_id):
            missing = [role for role in missing if role is not Role.DESIGNATED_TEACHER]
        return render_page(
            "pep/team.html",
            title=f"Team around {child.shown_name}",
            wide=True,
            child=child,
            now=now,
            later=[one for one in everyone if one.from_date > work.today],
            former=[one for one in everyone if _has_left(one, work)],
            missing=missing,
            may_change=may(work, "pep.team.change", child_id),
            handed_over=ONE_AT_A_TIME,
            family=FAMILY,
            languages=LANGUAGES,
            names={one.person_id: one.name for one in everyone},
            told={view.member.person_id: view.on(Matter.MEETINGS).words for view in views},
        )


@pages.get("/children/<child_id>/team/add")
@allowed("pep.team.change")
def add(child_id: str) -> Response:
    """Ask for the role first, then for the person: those known in that role, or the details of a new one."""
    with reading() as work:
        return _add_page(work, child_id, FormState.saved({"from_date": work.today}), request.args.get("role", ""))


@pages.post("/children/<child_id>/team/add")
@allowed("pep.team.change")
def join(child_id: str) -> Response:
    """Put a person on the team."""
    values, errors = read_form(JoinSchema())
    if not errors:
        role = Role(values["role"])
        try:
            with writing() as work:
                if role in FAMILY and not values["person_id"]:
                    named = values["name"], values["email"]
                    member = team.add_new_person(work, child_id, *named, role, values["from_date"], values["language"])
                else:
                    member = team.add_member(work, child_id, values["person_id"], role, values["from_date"])
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            errors = {"person_id" if role not in FAMILY else "name": [refusal.message]}
        else:
            flash(f"{member.name} is on the team.", "success")
            return redirect(url_for(".show", child_id=child_id), 303)
    with reading() as work:
        return _add_page(work, child_id, FormState.typed(errors), request.form.get("role", ""), status=422)


@pages.get("/children/<child_id>/team/<membership_id>/end")
@allowed("pep.team.change")
def ask_end(child_id: str, membership_id: str) -> Response:
    """Ask for somebody's last day on the team."""
    return _end_page(child_id, membership_id, FormState.saved())


@pages.post("/children/<child_id>/team/<membership_id>/end")
@allowed("pep.team.change")
def end(child_id: str, membership_id: str) -> Response:
    """End somebody's place on the team."""
    values, errors = read_form(EndSchema())
    if not errors:
        try:
            with writing() as work:
                member = team.end_membership(work, membership_id, values["until"])
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            errors = {"until": [refusal.message]}
        else:
            flash(f"{member.name}’s place on the team ends.", "success")
            return redirect(url_for(".show", child_id=child_id), 303)
    return _end_page(child_id, membership_id, FormState.typed(errors), status=422)


@pages.get("/children/<child_id>/team/<membership_id>/language")
@allowed("pep.team.change")
def ask_language(child_id: str, membership_id: str) -> Response:
    """Ask in which language somebody of the family is written to."""
    with reading() as work:
        form = FormState.saved({"language": _member(work, child_id, membership_id).language})
    return _language_page(child_id, membership_id, form)


@pages.post("/children/<child_id>/team/<membership_id>/language")
@allowed("pep.team.change")
def change_language(child_id: str, membership_id: str) -> Response:
    """Record in which language somebody of the family is written to."""
    values, errors = read_form(LanguageSchema())
    if not errors:
        try:
            with writing() as work:
                member = team.change_language(work, _member(work, child_id, membership_id).id, values["language"])
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            flash(f"{member.name} is written to in {LANGUAGES.get(member.language, 'English')}.", "success")
            return redirect(url_for(".show", child_id=child_id), 303)
    return _language_page(child_id, membership_id, FormState.typed(errors), status=422)


@pages.get("/children/<child_id>/team/<membership_id>/change")
@allowed("pep.team.change")
def ask_change(child_id: str, membership_id: str) -> Response:
    """Ask who takes over a role, and from when."""
    with reading() as work:
        form = FormState.saved({"from_date": work.today})
    return _change_page(child_id, membership_id, form)


@pages.post("/children/<child_id>/team/<membership_id>/change")
@allowed("pep.team.change")
def change(child_id: str, membership_id: str) -> Response:
    """Hand a role over."""
    values, errors = read_form(HandOverSchema())
    if not errors:
        try:
            with writing() as work:
                member = team.change_worker(work, membership_id, values["person_id"], values["from_date"])
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            errors = {"person_id": [refusal.message]}
        else:
            flash(f"{member.name} takes over, with everything that is waiting to be done.", "success")
            return redirect(url_for(".show", child_id=child_id), 303)
    return _change_page(child_id, membership_id, FormState.typed(errors), status=422)


def _has_left(member: Membership, work: Work) -> bool:
    return member.until is not None and member.until < work.today


def _add_page(work: Work, child_id: str, form: FormState, asked: str, status: int = 200) -> Response:
    child = children.child_record(work, child_id)
    role = next((one for one in TEAM_ROLES if one.value == asked), None)
    people = team.people_for(work, role, child) if role is not None and role not in FAMILY else []
    return render_page(
        "pep/team_add.html",
        title=f"Add someone to {child.shown_name}’s team",
        status=status,
        child=child,
        form=form,
        role=role,
        roles=TEAM_ROLES,
        family=role in FAMILY,
        people=[{"value": one.id, "text": one.name, "hint": one.organisation} for one in people],
        may_record=may(work, "pep.person.record"),
        languages=LANGUAGE_CHOICES,
    )


def _member(work: Work, child_id: str, membership_id: str) -> Membership:
    member = team.membership(work, membership_id)
    if member.child_id != child_id:
        raise NoSuchRecord
    return member


def _end_page(child_id: str, membership_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        member = _member(work, child_id, membership_id)
        child = children.child_record(work, child_id)
    title = f"{member.name} leaves {child.shown_name}’s team"
    return render_page("pep/team_end.html", title=title, status=status, child=child, member=member, form=form)


def _language_page(child_id: str, membership_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        member = _member(work, child_id, membership_id)
        child = children.child_record(work, child_id)
    return render_page(
        "pep/team_language.html",
        title=f"In which language {member.name} is written to",
        status=status,
        child=child,
        member=member,
        form=form,
        languages=LANGUAGE_CHOICES,
    )


def _change_page(child_id: str, membership_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        member = _member(work, child_id, membership_id)
        child = children.child_record(work, child_id)
        people = [one for one in team.people_for(work, member.role, child) if one.id != member.person_id]
        may_record = may(work, "pep.person.record")
    return render_page(
        "pep/team_change.html",
        title=f"Someone takes over from {member.name}",
        status=status,
        child=child,
        member=member,
        people=[{"value": one.id, "text": one.name, "hint": one.organisation} for one in people],
        form=form,
        may_record=may_record,
    )
