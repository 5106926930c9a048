"""A service's web process: gunicorn with threads, behind a proxy that only routes."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from services.pep.app import SPEC as PEP
from shared.platform.app_factory import create_app
from shared.platform.logs import write_json_lines
from shared.platform.production import from_environment
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.settings import Settings
from shared.platform.web.front import create_front
from suite.apart.check import PORT
from suite.apart.services import named
from suite.composition import everybody

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)

SHARED_MEMORY = Path("/dev/shm")  # nosec B108  # noqa: S108 - where gunicorn's processes show that they live; never on a disk
GRACE_SECONDS = 20
STUCK_AFTER_SECONDS = 60
KEEP_ALIVE_SECONDS = 75


def serve(service: str, environ: Mapping[str, str]) -> int:
    """Serve one service until told to stop. Raises `UnusableSettings`."""
    settings = from_environment(environ, [service], broker=False)
    write_json_lines("web", service)
    if service == PEP.name and settings.is_production and not settings.issuers:
        log.warning("PEP_SUITE_ISSUERS names no issuer: nobody can sign in by page")
    _Gunicorn(named(service), settings).run()
    return 0


def application(spec: ServiceSpec, runtime: Runtime) -> WSGIApplication:
    """Return the WSGI application of a service under its path; pep's, who knows the people, is the front door too."""
    front: Any = create_front(runtime, PEP, lambda: everybody(runtime)) if spec is PEP else NotFound()
    mounted = DispatcherMiddleware(front, {f"/{spec.name}": create_app(spec, runtime)})
    return behind_proxies(mounted, runtime.settings.proxies)


def behind_proxies(application: WSGIApplication, proxies: int) -> WSGIApplication:
    """Take the visitor's address and scheme from what so many proxies in front say.

    Each adds the address it saw; the scheme is said anew by the last one (deploy/nginx.conf).
    """
    return ProxyFix(application, x_for=proxies, x_proto=1, x_host=0, x_prefix=0) if proxies else application


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn without a configuration file. Each of its processes opens its own connections."""

    def __init__(self, spec: ServiceSpec, settings: Settings) -> None:
        self._spec, self._settings = spec, settings
        super().__init__()

    def load_config(self) -> None:
        """Take over the settings."""
        options = {
            "bind": [f"0.0.0.0:{PORT}"],
            "proc_name": f"{self._spec.name}-web",
            "worker_class": "gthread",
            "workers": self._settings.web_processes,
            "threads": self._settings.web_threads,
            "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
            "control_socket_disable": True,
            "graceful_timeout": GRACE_SECONDS,
            "timeout": STUCK_AFTER_SECONDS,
            "keepalive": KEEP_ALIVE_SECONDS,
            # The services write a line for each request themselves; addresses of answers hold secrets.
            "accesslog": None,
            "logger_class": _Log,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """Make the application; called in each process after it was forked."""
        return application(self._spec, Runtime(self._settings))


class _Log(Logger):  # type: ignore[misc]
    """Gunicorn's own words, as lines of JSON like all others."""

    def setup(self, cfg: Any) -> None:
        """Hand everything to the handler of this process."""
        del cfg
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
        self.access_log.disabled = True
