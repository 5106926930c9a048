"""The bar under the header (the same in every service) and the row of links of one service."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request

from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.platform.access import Actor
from shared.platform.service import NavigationItem
from shared.platform.web.links import service_url
from shared.platform.web.unit import current_spec


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the bar: a page of a service, for those whom the policy's `permission` could let in.

    `alone` is a single page; any other place stands for all the pages of its service that no place is nearer to.
    `but_not` are those who have no use for it: a child's own pages are reached from the child's own list.
    """

    text: str
    service: str
    path: str
    permission: str
    alone: bool = False
    but_not: frozenset[Role] = frozenset()

    def is_for(self, actor: Actor) -> bool:
        """Tell whether a person sees the link."""
        allowed = PERMISSIONS[self.permission]
        return bool((actor.kinds - self.but_not) & (allowed.team | allowed.authority))


BAR = (
    Place("My work", "pep", "/", "pep.worklist.read", alone=True),
    Place("Children", "pep", "/children", "pep.children.list", but_not=frozenset({Role.CHILD})),
    Place("People", "pep", "/people", "pep.people.read"),
    Place("Records", "pep", "/records", "pep.records.read"),
    Place("Meetings", "scheduling", "/", "scheduling.worklist.read"),
    Place("Virtual School", "virtual_school", "/", "virtual_school.worklist.read"),
)


def home(actor: Actor | None) -> str:
    """Return where the name of the product leads: the person's work, or the front page."""
    return service_url("pep", "/") if actor is not None else "/"


def bar(actor: Actor | None) -> list[dict[str, object]]:
    """Return the links of the bar for a person; nobody signed in gets none."""
    if actor is None:
        return []
    here = request.script_root + request.path
    places = [place for place in BAR if place.is_for(actor)]
    chosen = next((p for p in places if _path(service_url(p.service, p.path)) == here), None)
    if chosen is None:
        wider = [p for p in places if not p.alone and _contains(service_url(p.service, "/"), here)]
        nearer = [p for p in wider if _contains(service_url(p.service, p.path), here)]
        chosen = next(iter(nearer or wider), None)
    return [_link(p.text, service_url(p.service, p.path), here, active=p is chosen) for p in places]


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
    path = request.script_root + request.path
    within = [href for href in (service_url(spec.name, item.path) for item in here) if _contains(href, path)]
    nearest = max(within, key=len, default="")
    links = [(item.text, service_url(spec.name, item.path)) for item in here]
    return [_link(text, href, path, active=href == nearest) for text, href in links]


def footer(actor: Actor | None) -> list[dict[str, str]]:
    """Return the links at the foot of the page: what those need now and then who look after a service."""
    if actor is None or "suite_spec" not in current_app.extensions:
        return []
    permission = PERMISSIONS.get(f"{current_spec().name}.events.mend")
    if permission is None or not actor.kinds & permission.authority:
        return []
    return [{"text": "Events that got stuck", "href": service_url(current_spec().name, "/events")}]


def _link(text: str, href: str, here: str, *, active: bool) -> dict[str, object]:
    return {"text": text, "href": href, "current": _path(href) == here, "active": active}


def _path(href: str) -> str:
    return "/" + href.split("://", 1)[1].partition("/")[2] if "://" in href else href


def _contains(href: str, here: str) -> bool:
    path = _path(href).rstrip("/")
    return here.rstrip("/") == path or here.startswith(path + "/")
