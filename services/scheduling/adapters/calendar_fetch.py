"""Fetching a calendar from the web without letting anybody use the suite to look into the authority's network.

Only http and https; only public addresses (loopback when the installation allows it); the address that was checked is
the one connected to; redirects are followed by hand under the same rules; size and time are bounded.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import SplitResult, urljoin, urlsplit

from services.scheduling.adapters.term_calendars import MAX_BYTES, UnusableCalendar

TIMEOUT_SECONDS = 8.0
TOTAL_SECONDS = 20.0
MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def fetch_calendar(url: str, *, allow_loopback: bool = False, largest: int = MAX_BYTES) -> bytes:
    """Return the bytes behind a web address, at most `largest`.

    Raises `UnusableCalendar` saying what stands in the way.
    """
    for _ in range(MAX_REDIRECTS + 1):
        parts = _checked(url)
        answer, location = _get(parts, allow_loopback, largest)
        if location is None:
            return answer
        url = urljoin(url, location)
    raise UnusableCalendar(
        "calendar_moved", "The address keeps pointing elsewhere. Ask the school for its new address."
    )


def _checked(url: str) -> SplitResult:
    wrong = UnusableCalendar("calendar_address", "Enter an address that starts with https:// or http://")
    try:
        parts = urlsplit(url.strip().replace("webcal://", "https://", 1))
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or port == 0:
        raise wrong
    return parts


def _get(parts: SplitResult, allow_loopback: bool, largest: int) -> tuple[bytes, str | None]:
    """Ask once; return the body, or the address that the answer points to."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connection(parts.scheme, host, port)
    try:
        connection.sock = _connect(parts.scheme, host, port, allow_loopback)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Accept": "text/calendar, */*;q=0.1", "User-Agent": "pep-suite"})
        with connection.getresponse() as response:
            if response.status in _REDIRECTS and response.getheader("Location"):
                return b"", response.getheader("Location")
            if response.status != 200:
                raise UnusableCalendar(
                    "calendar_not_there", f"The address answered “{response.status} {response.reason}”, not a calendar."
                )
            body = _read(response, largest)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise UnusableCalendar(
            "calendar_unreachable", "The address could not be reached. Check it, or upload the calendar as a file."
        ) from error
    finally:
        connection.close()
    if len(body) > largest:
        megabytes = largest // 1_000_000
        raise UnusableCalendar(
            "calendar_too_big", f"The calendar is larger than {megabytes} MB. Ask for a shorter one."
        )
    return body, None


def _read(response: http.client.HTTPResponse, largest: int) -> bytes:
    """Read what comes until it is too big or takes too long altogether."""
    give_up = time.monotonic() + TOTAL_SECONDS
    body = b""
    while len(body) <= largest and (chunk := response.read1(65536)):
        body += chunk
        if time.monotonic() > give_up:
            raise TimeoutError("the calendar takes too long to arrive")
    return body


def _connection(scheme: str, host: str, port: int) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS)
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)


def _connect(scheme: str, host: str, port: int, allow_loopback: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_is_allowed(address, allow_loopback) for address in addresses):
        raise UnusableCalendar("calendar_address_private", "That address is not on the public web.")
    plain = socket.create_connection((addresses[0], port), timeout=TIMEOUT_SECONDS)
    if scheme == "http":
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


def _is_allowed(address: str, allow_loopback: bool) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return allow_loopback
    return parsed.is_global and not parsed.is_multicast
