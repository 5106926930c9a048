"""Making RabbitMQ ready: the exchanges and queues, and for each service a login that may do its own work only.

Done by the administrator's login, again at every start; what is there already stays.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote, urlsplit

from shared.platform.bus import EXCHANGE, BrokerUnavailable, Bus
from shared.platform.production import UnusableSettings
from shared.platform.settings import SERVICES
from suite.home import Refusal

PATIENCE_SECONDS = 120.0
ANSWER_SECONDS = 10.0


def set_up(environ: Mapping[str, str]) -> int:
    """Make the topology and the logins, waiting up to two minutes for the broker. Raises `UnusableSettings`.

    Without the address of the broker's management the logins are left to its administrator.
    """
    address = environ.get("PEP_SUITE_BROKER", "")
    management = environ.get("PEP_SUITE_BROKER_MANAGEMENT", "").rstrip("/")
    passwords = {name: environ.get(f"PEP_SUITE_{name.upper()}_PASSWORD", "") for name in SERVICES}
    faults = []
    if management:
        faults += [f"PEP_SUITE_{name.upper()}_PASSWORD is missing" for name, given in passwords.items() if not given]
    if not address.startswith(("amqp://", "amqps://")):
        faults.append("PEP_SUITE_BROKER must be the administrator's address, and start with amqp:// or amqps://")
    if management and not management.startswith(("http://", "https://")):
        faults.append("PEP_SUITE_BROKER_MANAGEMENT must be the address of RabbitMQ's management")
    if faults:
        raise UnusableSettings(faults)
    _declare_patiently(Bus(address))
    if not management:
        print("RabbitMQ has its exchanges and queues; the logins are its administrator's to make.", flush=True)
        return 0
    for name, password in passwords.items():
        for path, body in login(name, password):
            _put(management, address, path, body)
    print("RabbitMQ has its exchanges, queues and logins.", flush=True)
    return 0


def login(service: str, password: str) -> Sequence[tuple[str, Mapping[str, object]]]:
    """Return what makes a service's login: paths and bodies for the management API.

    It may make nothing; it may publish to the one exchange, what starts with its own name; it may read its own queue
    and its own dead letters.
    """
    permissions = {
        "configure": "^$",
        "write": f"^{EXCHANGE}$",
        "read": rf"^{service}\.facts(\.dead)?$",
    }
    topics = {"exchange": EXCHANGE, "write": rf"^{service}\.", "read": "^$"}
    return [
        (f"users/{service}", {"password": password, "tags": ""}),
        (f"permissions/{quote('/', safe='')}/{service}", permissions),
        (f"topic-permissions/{quote('/', safe='')}/{service}", topics),
    ]


def _declare_patiently(bus: Bus) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            bus.depths()
        except BrokerUnavailable as error:
            if time.monotonic() > deadline:
                raise Refusal(f"RabbitMQ cannot be made ready: {error}") from error
            time.sleep(2)
        else:
            return


def _put(management: str, address: str, path: str, body: Mapping[str, object]) -> None:
    """Send one thing to the management API, waiting for it to be up. Raises `Refusal`."""
    parts = urlsplit(address)
    credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    request = urllib.request.Request(  # noqa: S310 - http or https, checked above
        f"{management}/api/{path}",
        data=json.dumps(body).encode(),
        method="PUT",
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}",
        },
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):  # nosec B310  # noqa: S310
                return
        except (urllib.error.URLError, OSError) as error:
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or time.monotonic() > deadline:
                raise Refusal(f"RabbitMQ's management did not take {path}: {error}") from error
            time.sleep(2)
