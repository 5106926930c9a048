"""Asks a CalDAV server when somebody is busy (RFC 4791), with their user name and an app password.

Over the same guarded way as published calendars (`calendar_fetch`): the caldav library asks by a client of its own,
which would look up the address a second time and follow redirects with the password. What is wanted is little: find
the person's calendars, ask each for its free/busy time, and where a server refuses that for the events of the time.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError  # nosec B405 - parsed by defusedxml below

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.scheduling.adapters.calendar_fetch import Answer, ask, checked_address
from services.scheduling.adapters.term_calendars import UnusableCalendar

MAX_CALENDARS = 20
MAX_STEPS = 5
_DAV, _CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
_LOOK = (
    f"<D:propfind {_NAMES}><D:prop><D:resourcetype/><D:current-user-principal/><C:calendar-home-set/>"
    "<C:supported-calendar-component-set/></D:prop></D:propfind>"
)
_REFUSED = frozenset({400, 403, 404, 405, 409, 415, 422, 500, 501})
"""What servers that do not know a report answer to it."""
_REFUSALS = {
    401: "The calendar server did not accept the user name and password. Your provider may want an app password.",
    429: "The calendar server is asked too often. Try again in an hour.",
}


@dataclass(frozen=True, slots=True)
class CalDavAccount:
    """Where somebody's calendars are, and how they are opened."""

    address: str
    user: str
    password: str


def fetch_busy_time(
    account: CalDavAccount, first: datetime, last: datetime, *, allow_loopback: bool, largest: int
) -> bytes:
    """Return as iCalendar when somebody is busy between two instants; raises `UnusableCalendar` saying why not.

    The password is only ever sent to the server that the address names, and never in the clear.
    """
    server = _Server(account, allow_loopback, largest)
    found: list[bytes] = []
    for calendar in server.calendars():
        found.append(server.busy_time(calendar, first, last))
        if sum(map(len, found)) > largest:
            raise UnusableCalendar("calendar_too_big", f"The calendars are larger than {largest // 1_000_000} MB.")
    return b"\r\n".join(found)


class _Server:
    def __init__(self, account: CalDavAccount, allow_loopback: bool, largest: int) -> None:
        self._home = checked_address(account.address)
        if self._home.scheme != "https" and not (allow_loopback and self._home.hostname in ("127.0.0.1", "localhost")):
            raise UnusableCalendar("caldav_address", "Enter an address that starts with https://")
        if ":" in account.user:
            raise UnusableCalendar("caldav_user", "A user name cannot hold a colon.")
        given = base64.b64encode(f"{account.user}:{account.password}".encode()).decode("ascii")
        self._headers = {"Authorization": f"Basic {given}", "Content-Type": "application/xml; charset=utf-8"}
        self._allow_loopback, self._largest = allow_loopback, largest

    def calendars(self) -> list[str]:
        """Return the paths of the person's calendars: the one at the address, or those that it leads to."""
        path, seen = _path(self._home), set[str]()
        for _ in range(MAX_STEPS):
            seen.add(path)
            shown = self._multistatus(self._ask("PROPFIND", path, _LOOK, depth="1"))
            calendars = [self._inside(href) for href, about in shown if _is_calendar(about)]
            if calendars:
                return list(dict.fromkeys(calendars))[:MAX_CALENDARS]
            onwards = [self._inside(urljoin(path, each)) for _, about in shown for each in _leads_to(about)]
            path = next((each for each in onwards if each not in seen), "")
            if not path:
                break
        raise UnusableCalendar(
            "caldav_no_calendar", "There is no calendar at the address. Ask your provider for the CalDAV address."
        )

    def busy_time(self, path: str, first: datetime, last: datetime) -> bytes:
        """Return when the owner is busy by one calendar: free/busy time, or the events of the time alone."""
        between = f'start="{first.astimezone(UTC):%Y%m%dT%H%M%SZ}" end="{last.astimezone(UTC):%Y%m%dT%H%M%SZ}"'
        wanted = f"<C:free-busy-query {_NAMES}><C:time-range {between}/></C:free-busy-query>"
        answer = self._ask("REPORT", path, wanted, depth="1", may_refuse=True)
        if answer.status == 200 and b"BEGIN:VCALENDAR" in answer.body[:2000].upper():
            return answer.body
        expanded = self._events(path, between, f"<C:expand {between}/>")
        return expanded if expanded is not None else self._events(path, between, "") or b""

    def _events(self, path: str, between: str, expand: str) -> bytes | None:
        wanted = (
            f"<C:calendar-query {_NAMES}><D:prop><C:calendar-data>{expand}</C:calendar-data></D:prop><C:filter>"
            '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
            f"<C:time-range {between}/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        answer = self._ask("REPORT", path, wanted, depth="1", may_refuse=bool(expand))
        if answer.status != 207:
            return None
        shown = self._multistatus(answer)
        events = (text for _, about in shown for each in about.iter(f"{_CALDAV}calendar-data") if (text := each.text))
        return "\r\n".join(["BEGIN:VCALENDAR\r\nEND:VCALENDAR", *events]).encode()

    def _ask(self, method: str, path: str, body: str, *, depth: str, may_refuse: bool = False) -> Answer:
        """Ask the server; follow it to another of its own paths; raise `UnusableCalendar` for what it refuses."""
        for _ in range(MAX_STEPS):
            parts = self._home._replace(path=path.partition("?")[0], query=path.partition("?")[2])
            answer = ask(
                parts,
                method=method,
                body=f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode(),
                headers={**self._headers, "Depth": depth},
                allow_loopback=self._allow_loopback,
                largest=self._largest,
            )
            if answer.location:
                path = self._inside(urljoin(path, answer.location))
            elif answer.status in (200, 207) or (may_refuse and answer.status in _REFUSED):
                return answer
            else:
                said = f"The calendar server answered “{answer.status} {answer.reason}”. Is it a CalDAV address?"
                raise UnusableCalendar("caldav_refused", _REFUSALS.get(answer.status, said))
        raise UnusableCalendar("calendar_moved", "The address keeps pointing elsewhere. Ask for its new address.")

    def _inside(self, href: str) -> str:
        """Return the path of what the server names, which must be its own: nobody else is sent the password."""
        parts = urlsplit(href)
        if parts.netloc and (parts.scheme or self._home.scheme, parts.netloc) != (self._home.scheme, self._home.netloc):
            raise UnusableCalendar(
                "caldav_elsewhere",
                f"The calendar is on another server, {parts.netloc[:100]}. Enter its address instead.",
            )
        return _path(parts)

    def _multistatus(self, answer: Answer) -> list[tuple[str, Element]]:
        """Return each resource that an answer tells of: its address, and the element that tells."""
        try:
            root: Element = fromstring(answer.body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
            raise UnusableCalendar("caldav_unreadable", "The calendar server's answer cannot be read.") from error
        return [(one.findtext(f"{_DAV}href", "").strip(), one) for one in root.iter(f"{_DAV}response")]


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_calendar(about: Element) -> bool:
    if about.find(f".//{_DAV}resourcetype/{_CALDAV}calendar") is None:
        return False
    kinds = [each.get("name", "").upper() for each in about.iter(f"{_CALDAV}comp")]
    return not kinds or "VEVENT" in kinds


def _leads_to(about: Element) -> Iterator[str]:
    for name in (f"{_CALDAV}calendar-home-set", f"{_DAV}current-user-principal"):
        for each in about.iter(name):
            if href := each.findtext(f"{_DAV}href", "").strip():
                yield href
