"""The JSON API of a service: flask-smorest, OpenAPI 3.1, problem+json, bearer tokens, ETags."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha1
from http import HTTPStatus
from typing import Any, TypeVar

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Request, Response, request
from flask_smorest import Api, Blueprint
from flask_smorest.utils import get_appcontext
from marshmallow import INCLUDE, Schema, fields
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict

from shared.platform.service import ServiceSpec
from shared.platform.web.access import public
from shared.platform.web.fields import Typed

View = TypeVar("View", bound=Callable[..., Any])

REFUSED_READING = (401, 403, 404, 429, 503)
REFUSED_CHANGING = (*REFUSED_READING, 400, 409, 412, 413, 415, 422)

DESCRIPTION = """\
Send `Authorization: Bearer …` with every call. The token stands for a person, and the API shows and does exactly what
that person may see and do on the pages. Times are UTC, days are `2026-12-07`, money is in pence.

What can be edited carries an `ETag`; send it back as `If-Match` when you change it. Without it the answer is 428; when
someone else was faster it is 412. Errors are `application/problem+json`, with a stable `code` and a `detail` that says
what to do.
"""


@cache
def _made(schema: type[Schema]) -> Schema:
    """Return a schema of a class; to make one takes longer than to use it."""
    return schema()


class ProblemSchema(Schema):
    """An error as RFC 9457 has it; some kinds say more in members of their own."""

    class Meta:
        """Members that are not listed here may come."""

        unknown = INCLUDE

    type = fields.String(metadata={"description": "A URN that names the kind of problem"})
    title = fields.String(metadata={"description": "The kind of problem in words"})
    status = fields.Integer(metadata={"description": "The HTTP status"})
    code = fields.String(metadata={"description": "A stable code"})
    detail = fields.String(metadata={"description": "What to do about it"})
    errors = fields.Dict(metadata={"description": "By field, what is wrong with it"})
    correlation_id = fields.String(metadata={"description": "The reference under which logs and events have it"})


def schema_name(schema: Any) -> str:
    """Return the name of a schema in the API's description; a part of one, or one with nothing needed, has its own."""
    if isinstance(schema, str):
        return schema.removesuffix("Schema")
    made: Schema = schema() if isinstance(schema, type) else schema
    name = type(made).__name__.removesuffix("Schema")
    if made.partial:
        name += "Change"
    chosen = set(made.only or ()) | {f"no {one}" for one in made.exclude}
    if chosen:
        words = "".join(word.capitalize() for one in sorted(chosen) for word in one.replace("_", " ").split())
        name += f"With{words}"
    return name


class AddressParser(FlaskParser):
    """webargs' parser, for which what stands in an address was typed: a `Whole` there may be digits."""

    def _get_schema(self, argmap: Any, req: Request) -> Schema:
        """Return the schema to load through; to make one takes longer than to use it."""
        return _made(argmap) if isinstance(argmap, type) else super()._get_schema(argmap, req)

    def load_querystring(self, req: Request, schema: Schema) -> MultiDictProxy:
        """Return the arguments of the address as typed text."""
        typed = MultiDict((name, Typed(value)) for name, value in req.args.items(multi=True))
        return MultiDictProxy(typed, schema)


class ApiBlueprint(Blueprint):  # type: ignore[misc]
    """flask-smorest's Blueprint with types that a strict checker understands; give it `url_prefix="/api/…"`."""

    ARGUMENTS_PARSER = AddressParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Put a view, or a MethodView, at an address."""
        decorator: Callable[[View], View] = super().route(rule, **options)
        return decorator

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer GET."""
        return self.route(rule, methods=["GET"], **options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer POST."""
        return self.route(rule, methods=["POST"], **options)

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer PUT."""
        return self.route(rule, methods=["PUT"], **options)

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer PATCH."""
        return self.route(rule, methods=["PATCH"], **options)

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer DELETE."""
        return self.route(rule, methods=["DELETE"], **options)

    def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """Load what was sent through a schema and hand it to the view; 422 with the errors when it is wrong."""
        decorator: Callable[[View], View] = super().arguments(schema, **options)
        return decorator

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Callable[[View], View]:
        """Dump what the view returns through a schema."""
        decorator: Callable[[View], View] = super().response(status_code, schema, **options)
        return decorator

    def alt_response(self, status_code: int, **options: Any) -> Callable[[View], View]:
        """Describe another answer."""
        decorator: Callable[[View], View] = super().alt_response(status_code, **options)
        return decorator

    def paginate(self, pager: Any = None, **options: Any) -> Callable[[View], View]:
        """Answer page by page."""
        decorator: Callable[[View], View] = super().paginate(pager, **options)
        return decorator

    def etag(self, view: View) -> View:
        """Give the answer an ETag and ask for If-Match on PUT, PATCH and DELETE."""
        marked: View = super().etag(view)
        return marked

    def _set_etag_in_response(self, response: Response) -> None:
        """Give the answer the ETag of its body unless it has one; `check_etag` makes the same of the same data."""
        said = get_appcontext().setdefault("etag", {})
        if "etag" not in said and request.method in self.METHODS_ALLOWING_SET_ETAG:
            said["etag"] = sha1(response.get_data().rstrip(b"\n"), usedforsecurity=False).hexdigest()
            self._check_not_modified(said["etag"])
        super()._set_etag_in_response(response)

    def check_etag(self, etag_data: Any, etag_schema: Any = None) -> None:
        """Refuse to go on (412) unless If-Match names what is there now; `etag_schema` as the view's answer has it."""
        super().check_etag(etag_data, _made(etag_schema) if isinstance(etag_schema, type) else etag_schema)

    def doc(self, **options: Any) -> Callable[[View], View]:
        """Add to the description."""
        decorator: Callable[[View], View] = super().doc(**options)
        return decorator

    @staticmethod
    def _prepare_response_doc(doc: Any, doc_info: Any, *, method: str, **context: Any) -> Any:
        """Describe every refusal that an operation can meet, each by its status."""
        doc = Blueprint._prepare_response_doc(doc, doc_info, method=method, **context)
        answers = doc.setdefault("responses", {})
        for status in REFUSED_READING if method == "get" else REFUSED_CHANGING:
            answers.setdefault(str(status), HTTPStatus(status).name)
        doc["responses"] = dict(sorted(answers.items(), key=lambda answer: int(answer[0])))
        return doc


class SuiteApi(Api):  # type: ignore[misc]
    """flask-smorest's Api with the suite's own answers to errors."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave errors to `shared.platform.problems`, which knows pages and problem+json."""

    def _register_responses(self) -> None:
        super()._register_responses()
        for responses in (self.spec.components.responses_lazy, self.spec.components.responses):
            for response in responses.values():
                content = response.get("content", {})
                if "application/json" in content:
                    content["application/problem+json"] = content.pop("application/json")


def make_api(app: Flask, spec: ServiceSpec) -> Api:
    """Return the API of a service; blueprints registered on it appear at `/api/…` and in `/api/openapi.json`.

    Give a blueprint `url_prefix="/api/…"`.
    """
    app.config.update(
        API_TITLE=f"{spec.title} API",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "servers": [{"url": app.extensions["suite_runtime"].settings.service_urls.get(spec.name, "/")}],
            "security": [{"bearer": []}],
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        },
    )
    api = SuiteApi(app, spec_kwargs={"marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=schema_name)})
    document = "api-docs.openapi_json"
    mark = public("the description of the API holds nothing about anybody")
    app.view_functions[document] = mark(_plain(app.view_functions[document]))
    return api


def _plain(view: Any) -> Any:
    """Return a bound method as a function, which can carry the mark of who may use it."""

    def openapi_json() -> Any:
        return view()

    return openapi_json
