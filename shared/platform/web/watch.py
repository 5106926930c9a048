"""How a web process lets itself be watched: a log line and a count for each request, its health, its metrics."""

from __future__ import annotations

import logging
from time import perf_counter

from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from shared.platform.health import look
from shared.platform.metrics import WebMetrics
from shared.platform.metrics_port import may_look
from shared.platform.trace import begin_trace, end_trace
from shared.platform.web.access import public
from shared.platform.web.unit import current_runtime, current_spec

log = logging.getLogger(__name__)

blueprint = Blueprint("watch", __name__)

QUIET_BLUEPRINTS = frozenset({"watch", "assets"})
"""What is asked so often that a log line for each success would drown the rest."""


def follow_requests(app: Flask) -> None:
    """Take up or start a trace with each request, and log and count the answer; never the address itself.

    An address may hold a personal link's secret or what somebody searched for, so the route's rule is told instead.
    Of a refusal its code is told, so that tries to get past the defences can be counted.
    """

    @app.before_request
    def start() -> None:
        trace = begin_trace(
            app.name, request.headers.get("X-Correlation-Id", ""), request.headers.get("traceparent", "")
        )
        g.correlation_id = trace.correlation_id
        g.traceparent = trace.traceparent
        g.started = perf_counter()

    @app.after_request
    def tell(answer: Response) -> Response:
        seconds = perf_counter() - g.get("started", perf_counter())
        route = request.url_rule.rule if request.url_rule else "(none)"
        metrics: WebMetrics | None = app.extensions.get("suite_metrics")
        if metrics is not None:
            metrics.note(_method(), route, answer.status_code, seconds)
        if request.blueprint not in QUIET_BLUEPRINTS or answer.status_code >= 400:
            actor = g.get("actor")
            facts = {
                "method": _method(),
                "route": route,
                "status": answer.status_code,
                "ms": round(seconds * 1000, 1),
                "actor": actor.person_id if actor else "",
                "refused": g.get("refused", ""),
            }
            log.info("%s %s %s", _method(), route, answer.status_code, extra={"facts": facts})
        if "correlation_id" in g:
            answer.headers["X-Correlation-Id"] = g.correlation_id
        return answer

    @app.teardown_request
    def stop(_error: BaseException | None) -> None:
        end_trace()


@blueprint.get("/health/live")
@public("a load balancer asks whether the process answers")
def live() -> Response:
    """Say that the process answers; looks at nothing else."""
    return jsonify({"status": "alive", "service": current_spec().name})


@blueprint.get("/health/ready")
@public("a watchdog asks what is wrong; nothing about anybody is told")
def ready() -> Response:
    """Say whether the service can do its work: 200, or 503 with what is wrong.

    `?only=database` looks no further than what is needed to answer requests; a load balancer asks that, so that a
    broker's rest does not take away the pages.
    """
    only = request.args.get("only", "")
    checks = [check for check in look(current_runtime(), current_spec()) if only in ("", check.name)]
    ok = all(check.ok for check in checks)
    answer = jsonify(
        {
            "status": "ready" if ok else "not ready",
            "service": current_spec().name,
            "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks],
        }
    )
    answer.status_code = 200 if ok else 503
    return answer


@blueprint.get("/metrics")
@public("Prometheus asks; answered on this machine, or to whoever has the metrics secret")
def metrics() -> Response:
    """Return the metrics in Prometheus's text format."""
    if not may_look(request.environ, current_runtime().settings.metrics_secret):
        abort(403)
    counted: WebMetrics = current_app.extensions["suite_metrics"]
    return Response(counted.page(), content_type=CONTENT_TYPE_LATEST)


def _method() -> str:
    """Return the method; one that nobody has heard of would make a series of its own."""
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return request.method if request.method in known else "other"
