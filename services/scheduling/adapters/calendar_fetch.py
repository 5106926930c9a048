"""Fetching a calendar from the web without letting anybody use the suite to look into the authority's network.

Only http and https; only public addresses (loopback when the installation allows it); the address that was checked is
the one connected to; redirects are followed by hand under the same rules; size and time are bounded, however slowly
the other side speaks.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from services.scheduling.adapters.term_calendars import MAX_BYTES, UnusableCalendar

TIMEOUT_SECONDS = 8.0
TOTAL_SECONDS = 20.0
MAX_REDIRECTS = 3
_WANTED = {"Accept": "text/calendar, */*;q=0.1"}
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""Addresses that stand for one of the older sort (RFC 6052)."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `location` is where it points to, empty where it does not."""

    status: int
    reason: str
    body: bytes
    location: str = ""


def fetch_calendar(url: str, *, allow_loopback: bool = False, largest: int = MAX_BYTES) -> bytes:
    """Return the bytes behind a web address, at most `largest`.

    Raises `UnusableCalendar` saying what stands in the way.
    """
    for _ in range(MAX_REDIRECTS + 1):
        parts = checked_address(url)
        answer = ask(parts, headers=_WANTED, allow_loopback=allow_loopback, largest=largest)
        if not answer.location:
            if answer.status != 200:
                raise UnusableCalendar(
                    "calendar_not_there", f"The address answered “{answer.status} {answer.reason}”, not a calendar."
                )
            return answer.body
        url = urljoin(url, answer.location)
    raise UnusableCalendar(
        "calendar_moved", "The address keeps pointing elsewhere. Ask the school for its new address."
    )


def checked_address(url: str) -> SplitResult:
    """Return a web address in its parts; raises `UnusableCalendar` when it is none, or holds a user name."""
    wrong = UnusableCalendar("calendar_address", "Enter an address that starts with https:// or http://")
    try:
        parts = urlsplit(url.strip().replace("webcal://", "https://", 1))
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or port == 0:
        raise wrong
    return parts


def ask(
    parts: SplitResult,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str],
    allow_loopback: bool,
    largest: int,
) -> Answer:
    """Ask a server once, of an address that `checked_address` gave; raises `UnusableCalendar`."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connection(parts.scheme, host, port)
    try:
        with _connected(parts.scheme, host, port, allow_loopback) as connection.sock:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, headers={"User-Agent": "pep-suite", **headers})
            with connection.getresponse() as response:
                location = response.getheader("Location", "") if response.status in _REDIRECTS else ""
                answer = Answer(response.status, response.reason, _read(response, largest), location)
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        raise UnusableCalendar(
            "calendar_unreachable", "The address could not be reached. Check it, or upload the calendar as a file."
        ) from error
    finally:
        connection.close()
    if len(answer.body) > largest:
        megabytes = largest // 1_000_000
        raise UnusableCalendar(
            "calendar_too_big", f"The calendar is larger than {megabytes} MB. Ask for a shorter one."
        )
    return answer


def _read(response: http.client.HTTPResponse, largest: int) -> bytes:
    """Read what comes until it is too big."""
    pieces, length = [], 0
    while length <= largest and (piece := response.read1(65536)):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


@contextmanager
def _connected(scheme: str, host: str, port: int, allow_loopback: bool) -> Iterator[socket.socket]:
    """Connect for as long as the block lasts, at most `TOTAL_SECONDS`: then the line is cut, also in mid-sentence."""
    plain = _connect(host, port, allow_loopback)
    late = threading.Event()

    def cut() -> None:
        late.set()
        try:
            plain.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    timer = threading.Timer(TOTAL_SECONDS, cut)
    timer.daemon = True
    timer.start()
    duplicate = plain.dup()
    try:
        line = duplicate
        if scheme == "https":
            line = ssl.create_default_context().wrap_socket(duplicate, server_hostname=host)
        with line:
            yield line
        if late.is_set():
            raise TimeoutError("the calendar takes too long to arrive")
    finally:
        timer.cancel()
        duplicate.close()
        plain.close()


def _connection(scheme: str, host: str, port: int) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS)
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)


def _connect(host: str, port: int, allow_loopback: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_is_allowed(address, allow_loopback) for address in addresses):
        raise UnusableCalendar("calendar_address_private", "That address is not on the public web.")
    return socket.create_connection((addresses[0], port), timeout=TIMEOUT_SECONDS)


def _is_allowed(address: str, allow_loopback: bool) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        parsed = inner or parsed
    if parsed.is_loopback:
        return allow_loopback
    return parsed.is_global and not parsed.is_multicast
