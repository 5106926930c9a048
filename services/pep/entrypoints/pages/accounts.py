"""On a person's page: the accounts they sign in with, taking one away, and inviting them to link another."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from services.pep.application import accounts, people
from services.pep.domain.accounts import INVITATION_LASTS
from shared.platform.web.access import allowed
from shared.platform.web.links import absolute_service_url
from shared.platform.web.pages import render_page
from shared.platform.web.unit import writing

pages = Blueprint("accounts", __name__)


@pages.post("/people/<person_id>/invitation")
@allowed("pep.person.record")
def invite(person_id: str) -> Response:
    """Make a link by which somebody links an account, and show it this once."""
    with writing() as work:
        person = people.person_record(work, person_id).person
        secret = accounts.invite(work, person_id)
    return render_page(
        "pep/invitation.html",
        title=f"A link for {person.name}",
        person=person,
        link=absolute_service_url("pep", f"/sign-in/invited/{secret}"),
        days=INVITATION_LASTS.days,
    )


@pages.post("/people/<person_id>/unlink")
@allowed("pep.person.record")
def unlink(person_id: str) -> Response:
    """Take an account from somebody."""
    with writing() as work:
        accounts.unlink(work, person_id, request.form.get("issuer", ""), request.form.get("subject", ""))
    flash("The account is not linked any more, and the person is signed out everywhere.", "success")
    return redirect(url_for("people.show", person_id=person_id), 303)
