"""The mail server of a try-out: catches every mail and shows it at `/mail`, on no machine that holds real children."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping

import waitress
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from services.scheduling.app import SPEC as SCHEDULING
from shared.platform.logs import write_json_lines
from shared.platform.production import from_environment
from shared.platform.runtime import Runtime
from suite.apart.check import PORT
from suite.apart.web import behind_proxies
from suite.home import Home
from suite.mail_catcher import catching
from suite.mail_pages import create_mail_pages

EVERYWHERE = "0.0.0.0"  # nosec B104  # noqa: S104 - inside its container


def catch(environ: Mapping[str, str]) -> int:
    """Catch and show mail until told to stop; in production end at once. Raises `UnusableSettings`."""
    settings = from_environment(environ, [SCHEDULING.name], broker=False)
    if settings.is_production:
        print("In production no mail is caught: it goes to PEP_SUITE_SMTP_HOST.", flush=True)
        return 0
    write_json_lines("mail")
    Home(settings.home).make()
    runtime = Runtime(settings)
    pages = DispatcherMiddleware(NotFound(), {"/mail": create_mail_pages(runtime)})
    server = waitress.create_server(
        behind_proxies(pages, settings.proxies), host=EVERYWHERE, port=PORT, threads=4, ident="PEP Suite mail"
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with catching(runtime, host=EVERYWHERE):
        server.run()  # returns when SystemExit is raised
    runtime.close()
    return 0
