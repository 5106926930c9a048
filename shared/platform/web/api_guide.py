"""The API as a page to read, made from its OpenAPI document; no script and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, url_for
from flask_smorest import Api
from markupsafe import Markup, escape

from shared.platform.web.access import public
from shared.platform.web.pages import render_page

METHODS = ("get", "post", "put", "patch", "delete")


def register(app: Flask, api: Api) -> None:
    """Show the guide at `/api/`."""

    @app.get("/api/", endpoint="api_guide")
    @public("the description of the API holds nothing about anybody")
    def api_guide() -> Response:
        document = api.spec.to_dict()
        return render_page(
            "api_guide.html",
            title=document["info"]["title"],
            info=document["info"],
            about=paragraphs(document["info"].get("description", "")),
            groups=groups(document),
            json_url=url_for("api-docs.openapi_json"),
        )


def groups(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of an OpenAPI document, grouped by their first tag, ready to be shown."""
    descriptions = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in document.get("paths", {}).items():
        shared_parameters = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                tags = item[method].get("tags") or ["other"]
                operation = _operation(document, path, method, item[method], shared_parameters)
                found.setdefault(tags[0], []).append(operation)
    return [
        {"name": name.replace("_", " "), "about": descriptions.get(name, ""), "operations": operations}
        for name, operations in found.items()
    ]


def paragraphs(text: str) -> list[Markup]:
    """Return a description's paragraphs, words in backquotes set as code; everything else is escaped."""
    found = []
    for block in re.split(r"\n\s*\n", text.strip()):
        words = str(escape(" ".join(block.split())))
        if words:
            found.append(Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", words)))  # nosec B704  # noqa: S704 - escaped just above
    return found


def _operation(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], shared: list[Any]
) -> dict[str, Any]:
    body = _resolve(document, operation.get("requestBody", {}))
    media: Mapping[str, Any] = next(iter(body.get("content", {}).values()), {})
    return {
        "id": f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": paragraphs(operation.get("description", "")),
        "parameters": [
            {
                "name": parameter["name"],
                "where": parameter["in"],
                "type": _type(document, parameter.get("schema", {})),
                "required": bool(parameter.get("required")),
                "about": parameter.get("description", ""),
            }
            for parameter in (_resolve(document, one) for one in [*shared, *operation.get("parameters", [])])
        ],
        "body": _fields(document, media.get("schema", {})),
        "answers": [
            {"status": status, "about": _resolve(document, answer).get("description", "")}
            for status, answer in operation.get("responses", {}).items()
        ],
        "result": _result(document, operation),
    }


def _result(document: Mapping[str, Any], operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    for status, answer in operation.get("responses", {}).items():
        if str(status).startswith("2"):
            media: Mapping[str, Any] = next(iter(_resolve(document, answer).get("content", {}).values()), {})
            return _fields(document, media.get("schema", {}))
    return []


def _resolve(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    if not reference:
        return node
    found: Any = document
    for part in str(reference).removeprefix("#/").split("/"):
        found = found[part]
    return _resolve(document, found)


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    whole = _resolve(document, schema)
    if whole.get("type") == "array":
        whole = _resolve(document, whole.get("items", {}))
    required = set(whole.get("required", ()))
    return [
        {
            "name": name,
            "type": _type(document, node),
            "required": name in required,
            "about": node.get("description") or _resolve(document, node).get("description", ""),
        }
        for name, node in whole.get("properties", {}).items()
    ]


def _type(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    whole = _resolve(document, schema)
    if "enum" in whole:
        return "one of " + ", ".join(str(value) for value in whole["enum"] if value is not None)
    kind = whole.get("type", "object")
    if isinstance(kind, list):
        kind = " or ".join("nothing" if one == "null" else str(one) for one in kind)
    if kind == "array":
        return f"list of {_type(document, whole.get('items', {}))}"
    return f"{kind} ({whole['format']})" if "format" in whole else str(kind)
