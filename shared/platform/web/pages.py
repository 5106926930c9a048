"""Rendering pages, and what every template may use.

    return render_page("pep/child.html", title="Amira Khan", child=child)

A template extends `layout.html`. `title` is the page's name in the browser's tab. Pass `form=` (a FormState) and the
tab says `Error:` when it has errors; pass `wide=True` for a list that needs up to 1200 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template
from jinja2 import Environment, Undefined
from jinja2.utils import missing
from markupsafe import Markup

from shared.contracts.roles import Role
from shared.platform.access import Actor
from shared.platform.web.assets import asset_url
from shared.platform.web.filters import FILTERS
from shared.platform.web.forms import FormState
from shared.platform.web.links import service_url
from shared.platform.web.navigation import bar, footer, home, row
from shared.platform.web.once import form_key
from shared.platform.web.security import csp_nonce
from shared.platform.web.states import state_look
from shared.platform.web.unit import current_runtime, current_trail

PRODUCT_NAME = "Personal Education Plans"


class StrictNames(Undefined):
    """Showing or walking a name that no one gave a template is a mistake; an absent key of a mapping is just absent.

    The GOV.UK macros ask after many optional keys and names, so jinja's StrictUndefined cannot be used with them.
    """

    def __str__(self) -> str:
        if self._undefined_obj is missing:
            self._fail_with_undefined_error()
        return ""

    def __iter__(self) -> Iterator[Any]:
        if self._undefined_obj is missing:
            self._fail_with_undefined_error()
        return iter(())


def _nothing_for_none(value: Any) -> Any:
    return "" if value is None else value


def register_pages_support(app: Flask) -> None:
    """Give every template of an app what it may use, and never let it show the word None."""
    environment: Environment = app.jinja_env
    environment.undefined = StrictNames
    environment.finalize = _nothing_for_none
    environment.filters.update(FILTERS)
    environment.globals.update(
        service_url=service_url,
        asset_url=asset_url,
        csp_nonce=csp_nonce,
        form_key=form_key,
        state_look=state_look,
        nothing_typed=FormState(),
    )


def render_page(template: str, *, title: str, status: int = 200, **context: Any) -> Response:
    """Return a page as a response; `title` is its name in the browser's tab, `status` the HTTP status."""
    form = context.get("form")
    actor = g.get("actor")
    settings = current_runtime().settings
    frame: dict[str, Any] = {
        "wide": False,
        "actor": actor,
        "signed_in_name": actor.name if actor else "",
        "signed_in_as": next((role.title for role in Role if actor and role in actor.kinds), ""),
        "sign_out_url": "/sign-out",
        "seconds_left": seconds_left() if "time_out" in current_app.blueprints else None,
        "home_url": home(actor),
        "product_name": PRODUCT_NAME,
        "authority_name": authority_name(actor),
        "training_banner": "" if settings.is_production else "Practice: every person here is invented.",
        "navigation": bar(actor),
        "sub_navigation": row(actor),
        "sub_navigation_label": "In this part",
        "footer_links": footer(actor),
        "emergency": current_trail().opening,
        "page_has_errors": isinstance(form, FormState) and bool(form.errors),
    }
    return make_response(Markup(render_template(template, **{**frame, **context}, title=title)), status)  # nosec B704  # noqa: S704 - a whole rendered page


def authority_name(actor: Actor | None) -> str:
    """Return the name of the authority that a page speaks for: the reader's own, or the only one served.

    All those that know a designated teacher are named; nothing where several are served and nobody is signed in.
    """
    served = current_runtime().settings.authorities
    if actor is not None:
        return " and ".join(one.name for one in served if one.key in actor.authorities)
    return served[0].name if len(served) == 1 else ""


def seconds_left() -> int | None:
    """Return for how many seconds the session of this request goes on; None where nobody is signed in by one."""
    ends_at: datetime | None = g.get("session_ends_at")
    if ends_at is None or g.get("actor") is None:
        return None
    return int((ends_at - current_runtime().clock.now()).total_seconds())
