"""The bar under the header (the same in every service) and the row of links of one service."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request

from shared.contracts.roles import Role
from shared.platform.access import Actor
from shared.platform.service import NavigationItem
from shared.platform.web.links import service_url
from shared.platform.web.unit import current_spec

VIRTUAL_SCHOOL = frozenset({Role.VIRTUAL_SCHOOL_CASEWORKER, Role.VIRTUAL_SCHOOL_HEAD})
PROFESSIONALS = VIRTUAL_SCHOOL | {Role.SOCIAL_WORKER, Role.TEAM_MANAGER, Role.IRO, Role.DESIGNATED_TEACHER}


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the bar: a page of a service, for those kinds of people (empty: everybody)."""

    text: str
    service: str
    path: str
    kinds: frozenset[Role] = frozenset()


BAR = (
    Place("My work", "pep", "/"),
    Place("Children", "pep", "/children", PROFESSIONALS),
    Place("Meetings", "scheduling", "/", PROFESSIONALS),
    Place("Virtual School", "virtual_school", "/", VIRTUAL_SCHOOL),
)


def home(actor: Actor | None) -> str:
    """Return where the name of the product leads: the person's work, or the front page."""
    return service_url("pep", "/") if actor is not None else "/"


def bar(actor: Actor | None) -> list[dict[str, object]]:
    """Return the links of the bar for a person; nobody signed in gets none."""
    if actor is None:
        return []
    return _links([(p.text, service_url(p.service, p.path)) for p in BAR if not p.kinds or p.kinds & actor.kinds])


def row(actor: Actor | None) -> list[dict[str, object]]:
    """Return the links of this service that are not in the bar; a single one is not worth a row."""
    if actor is None or "suite_spec" not in current_app.extensions:
        return []
    spec = current_spec()
    here: tuple[NavigationItem, ...] = tuple(
        item for item in spec.navigation if not item.kinds or item.kinds & actor.kinds
    )
    if not {(spec.name, item.path) for item in here} - {(place.service, place.path) for place in BAR}:
        return []
    return _links([(item.text, service_url(spec.name, item.path)) for item in here])


def _links(places: list[tuple[str, str]]) -> list[dict[str, object]]:
    """Mark the link of this page as current, or the one whose part of the site this page is in as active."""
    here = request.script_root + request.path
    ranked = sorted((href for _, href in places if _contains(href, here)), key=len)
    nearest = ranked[-1] if ranked else ""
    return [
        {"text": text, "href": href, "current": _path(href) == here, "active": href == nearest} for text, href in places
    ]


def _path(href: str) -> str:
    return "/" + href.split("://", 1)[1].partition("/")[2] if "://" in href else href


def _contains(href: str, here: str) -> bool:
    path = _path(href).rstrip("/")
    return here.rstrip("/") == path or here.startswith(path + "/")
