"""The composition root: the only place that knows all three services."""

from __future__ import annotations

import os

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from services.pep.app import SPEC as PEP
from services.scheduling.app import SPEC as SCHEDULING
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from shared.platform import roster
from shared.platform.app_factory import create_app
from shared.platform.authorities import Authority
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.settings import embedded
from shared.platform.web.front import create_front
from suite.home import Home, Refusal
from suite.mail_pages import create_mail_pages

SPECS: tuple[ServiceSpec, ...] = (PEP, SCHEDULING, VIRTUAL_SCHOOL)


def runtime_for(home: Home) -> Runtime:
    """Return what the processes and commands of a home run on: its files, unless the environment names others."""
    port, smtp_port = home.ports()
    settings = embedded(home.path, port=port, smtp_port=smtp_port, secret=home.secret(), environ=os.environ)
    return Runtime(settings)


def authority_named(runtime: Runtime, key: str) -> Authority:
    """Return the authority that a command is about; raises `Refusal` where that is not clear."""
    try:
        return runtime.settings.authority(key)
    except LookupError as error:
        raise Refusal(f"{error} Say it with --authority.") from error


def everybody(runtime: Runtime) -> list[roster.Person]:
    """Return the people known here, of every authority, in the order of their names."""
    with runtime.database(PEP.name).reading() as connection:
        return roster.people(connection)


def web_application(runtime: Runtime) -> DispatcherMiddleware:
    """Return one WSGI application: the front page, the three services and the caught mail, each under its path."""
    front: Flask = create_front(runtime, PEP, lambda: everybody(runtime))
    services = {f"/{spec.name}": create_app(spec, runtime) for spec in SPECS}
    return DispatcherMiddleware(front, {**services, "/mail": create_mail_pages(runtime)})
