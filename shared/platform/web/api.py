"""The JSON API of a service: flask-smorest, OpenAPI 3.1."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from shared.platform.service import ServiceSpec


def make_api(app: Flask, spec: ServiceSpec) -> Api:
    """Return the API of a service; blueprints registered on it appear at `/api/…` and in `/api/openapi.json`."""
    app.config["API_TITLE"] = f"{spec.title} API"
    app.config["API_VERSION"] = "v1"
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["OPENAPI_URL_PREFIX"] = "/api"
    app.config["OPENAPI_JSON_PATH"] = "openapi.json"
    return Api(app)
