"""Rendering pages, and the filters they share."""

from __future__ import annotations

from flask import Flask, g, render_template

from shared.platform.web.links import service_url
from shared.platform.web.unit import current_spec


def register_pages_support(app: Flask) -> None:
    """Give every template what it may use."""
    app.jinja_env.globals["service_url"] = service_url


def render_page(template: str, *, title: str, **context: object) -> str:
    """Return a page; `title` is its heading as the browser's tab shows it."""
    return render_template(template, title=title, actor=g.get("actor"), spec=current_spec(), **context)
