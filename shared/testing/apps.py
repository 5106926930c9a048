"""One application of each service for all the tests of a process: making one takes a tenth of a second."""

from __future__ import annotations

from flask import Flask

from shared.platform.app_factory import create_app
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

_made: dict[str, Flask] = {}


def app_on(spec: ServiceSpec, runtime: Runtime) -> Flask:
    """Return a service's application on a runtime from `make_runtime`.

    The runtime of the test before is left behind, and how often anybody did something on it, so whoever needs two at
    once makes them with `create_app`.
    """
    if spec.name not in _made:
        _made[spec.name] = create_app(spec, runtime)
    app = _made[spec.name]
    app.extensions["suite_runtime"] = runtime
    app.extensions.pop("suite_limits", None)
    return app
