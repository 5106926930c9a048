"""The web's own defences, on every route of every application and in every template: none is a sample."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from werkzeug.test import Client, TestResponse

from services.pep.app import SPEC as PEP
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token
from shared.platform.db import Database
from shared.platform.runtime import Runtime
from shared.platform.settings import Mode
from shared.platform.web import limits
from shared.platform.web.front import create_front
from shared.platform.web.security import BODY_LIMIT
from tests.suite.access_world import SPECS, AccessWorld
from tests.suite.test_the_whole_matrix import BODIES, argument, undone
from tests.suite.test_the_whole_matrix import Route as MatrixRoute

ROOT = Path(__file__).parents[2]
CODE = [path for top in ("shared", "services", "suite") for path in sorted((ROOT / top).rglob("*.py"))]
DOCUMENTS = {"copy.html"}  # taken away as files, so that they must bring their style with them
TEMPLATES = [path for top in ("shared", "services", "suite") for path in sorted((ROOT / top).rglob("*.html"))]
HOST = "https://pep.example"
SECRET_IN_ADDRESS = "0" * 43
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Operation:
    """One method of one route of one application, and what it says of who may use it."""

    app: str
    method: str
    rule: str
    endpoint: str
    arguments: frozenset[str]
    says: str

    def __str__(self) -> str:
        return f"{self.app}: {self.method} {self.rule}"

    @property
    def is_api(self) -> bool:
        return self.rule.startswith("/api/")

    @property
    def is_asset(self) -> bool:
        return self.endpoint == "assets.asset"


class Production:
    """The applications as production runs them, over a world in which every address leads to something."""

    def __init__(self, home: Path) -> None:
        self.world = AccessWorld(home)
        settings = replace(self.world.runtime.settings, mode=Mode.PRODUCTION, origin=HOST)
        self.runtime = Runtime(settings, self.world.runtime.clock)
        self.apps = {spec.name: create_app(spec, self.runtime) for spec in SPECS}
        self.apps["front"] = create_front(self.runtime, PEP, list)
        self.operations = [one for name, app in self.apps.items() for one in operations_of(name, app)]

    def path(self, one: Operation) -> str:
        def value(found: re.Match[str]) -> str:
            try:
                route = MatrixRoute(one.app, one.method, one.rule, one.arguments, one.says)
                return argument(self.world, route, found[2], "ours")
            except LookupError:
                return "favicon.svg" if one.is_asset else SECRET_IN_ADDRESS

        return re.sub(r"<(\w+:)?(\w+)>", value, one.rule)

    def ask(self, one: Operation, person: str = "", **more: Any) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if person:
            token = issue_token(self.runtime.settings.secret, person, self.runtime.clock.now())
            headers |= {"Authorization": f"Bearer {token}"} | ({} if one.method in SAFE else {"If-Match": "*"})
        client = Client(self.apps[one.app])
        return client.open(self.path(one), method=one.method, base_url=HOST, headers=headers, **more)


def operations_of(name: str, app: Flask) -> Iterator[Operation]:
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            holder = getattr(getattr(view, "view_class", None), method.lower(), view)
            says = getattr(holder, "suite_access", "")
            yield Operation(name, method, rule.rule, rule.endpoint, frozenset(rule.arguments), says)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    made = Production(tmp_path_factory.mktemp("defences"))
    yield made
    made.runtime.close()
    made.world.runtime.close()


@pytest.fixture(autouse=True)
def nothing_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "writing", undone)
    monkeypatch.setattr(limits, "count", lambda _use, _who: None)


def answers(production: Production) -> Iterator[tuple[Operation, TestResponse]]:
    """Give the answer of every operation to nobody, to the child's social worker and to the Virtual School head."""
    for one in production.operations:
        body = BODIES.get(str(one), {})
        sent: dict[str, Any] = {"json" if one.is_api else "data": body} if one.method not in SAFE else {}
        for person in ("", "our-social_worker", "our-virtual_school_head"):
            answer = production.ask(one, person, **sent)
            yield one, answer
            answer.close()


def faults_of(one: Operation, answer: TestResponse) -> Iterator[str]:
    headers = answer.headers
    policy = {part.split()[0]: part.split()[1:] for part in headers.get("Content-Security-Policy", "").split("; ")}
    sources = {source.replace("data:", "") for allowed in policy.values() for source in allowed}
    wanted = {name: ["'none'"] for name in ("default-src", "object-src", "base-uri", "frame-ancestors")}
    if {name: policy.get(name) for name in wanted} != wanted or policy.get("form-action") != ["'self'"]:
        yield f"a policy of {policy}"
    if any("unsafe" in source or "*" in source or ":" in source for source in sources):
        yield f"a policy that lets too much in: {policy}"
    kept = "public, max-age=300" if one.is_asset and answer.status_code == 200 else "no-store"
    exact = {
        "Cache-Control": kept,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    }
    for name, value in exact.items():
        if headers.getlist(name) != [value]:
            yield f"{name}: {headers.getlist(name)}"
    if "Access-Control-Allow-Origin" in headers:
        yield "it may be read from another origin"
    kind = headers.get("Content-Type", "")
    if answer.data and (not kind or (kind.startswith(("text/", "image/svg")) and "charset=utf-8" not in kind.lower())):
        yield f"a content of type {kind!r}"
    for cookie in headers.getlist("Set-Cookie"):
        marks = {part.strip().lower() for part in cookie.split(";")[1:]}
        missing = {"secure", "httponly", "samesite=lax", "path=/"} - marks
        if not cookie.startswith("__Host-") or missing or any(mark.startswith("domain") for mark in marks):
            yield f"a cookie {cookie.partition('=')[0]} with {sorted(marks)}"


def test_every_answer_of_every_route_is_guarded(production: Production) -> None:
    faults, reached = [], 0
    for one, answer in answers(production):
        reached += answer.status_code == 200
        faults += [f"{one} answers {answer.status_code} with {fault}" for fault in faults_of(one, answer)]
    assert reached > 150
    assert faults == []


def test_no_route_answers_a_method_that_it_does_not_name(production: Production) -> None:
    odd = []
    for one in production.operations:
        if one.method == "GET":
            for method in ("TRACE", "CONNECT", "PROPFIND"):
                answer = production.ask(replace(one, method=method))
                if answer.status_code != 405:
                    odd.append(f"{one} answers {method} with {answer.status_code}")
    assert odd == []


def test_every_unsafe_route_refuses_what_another_site_sends(production: Production) -> None:
    """By page without the form's own token, by API with the browser's cookie from anywhere but our own pages."""
    taken, tried = [], 0
    for one in production.operations:
        if one.method in SAFE:
            continue
        tried += 1
        for site in ("cross-site", "same-site", "none"):
            answer = production.ask(one, headers={"Sec-Fetch-Site": site, "Origin": "https://evil.example"}, data={})
            wanted, code = (403, "other_origin") if one.is_api else (400, "")
            if answer.status_code != wanted or (code and (answer.json or {}).get("code") != code):
                taken.append(f"{one} from {site}: {answer.status_code}")
    assert tried > 80
    assert taken == []


def test_every_unsafe_route_refuses_a_body_over_the_limit(production: Production) -> None:
    taken = []
    for one in production.operations:
        if one.method not in SAFE:
            for person in ("", "our-social_worker"):
                size = {"CONTENT_LENGTH": str(BODY_LIMIT + 1)}
                answer = production.ask(one, person, data=b"x", environ_overrides=size)
                if answer.status_code != 413:
                    taken.append(f"{one} as {person or 'nobody'}: {answer.status_code}")
    assert taken == []


def test_every_unsafe_route_without_a_sign_in_is_counted(production: Production) -> None:
    """But for leaving, which nobody has a reason to hinder, and for saying that one is still there."""
    uncounted = {
        str(one)
        for one in production.operations
        if one.says.startswith("public:")
        and (one.method not in SAFE or one.arguments)
        and not one.is_asset
        and not hasattr(production.apps[one.app].view_functions[one.endpoint], "suite_limit")
    }
    assert uncounted == {"front: POST /sign-out"} | {f"{spec.name}: POST /time-left" for spec in SPECS}


def test_whatever_is_taken_away_as_a_file_is_counted_as_an_export(production: Production) -> None:
    """But for an empty form to fill in, and what became of a file that one has sent oneself."""
    files = set()
    for one in production.operations:
        if one.method == "GET":
            for person in ("our-social_worker", "our-designated_teacher", "our-virtual_school_head"):
                answer = production.ask(one, person)
                if answer.headers.get("Content-Disposition", "").startswith("attachment"):
                    files.add((str(one), one.says.endswith(".export")))
                answer.close()
    uncounted = {name for name, counted in files if not counted}
    assert uncounted <= {
        "virtual_school: GET /attendance/template.csv",
        "virtual_school: GET /attendance/uploads/<upload_id>/problems.csv",
        "virtual_school: GET /suspensions/template.csv",
    }
    assert any(counted for _, counted in files)


def test_leaving_has_the_browser_forget() -> None:
    """Wherever a browser's own session or visit is left: signing out, and closing a personal link's page."""
    text = {path.name: path.read_text(encoding="utf-8") for path in CODE}
    assert {name for name in text if re.search(r"\bleave\(work\)", text[name])} == {"session_pages.py"}
    forgets = """answer.headers["Clear-Site-Data"] = '"cache", "storage"'"""
    assert {name for name in text if forgets in text[name]} == {"session_pages.py", "personal_link.py"}


FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL | re.IGNORECASE)
POSTS = re.compile(r"<form\b[^>]*\bmethod=[\"']?post", re.IGNORECASE)
KEYS = re.compile(r"suiteFormKeys\(|csrf_token\(\)")


def test_every_form_that_posts_holds_the_token() -> None:
    forms = [(path, form) for path in TEMPLATES for form in FORM.findall(path.read_text(encoding="utf-8"))]
    posting = [(path.name, form) for path, form in forms if POSTS.search(form)]
    opened = sum(len(POSTS.findall(path.read_text(encoding="utf-8"))) for path in TEMPLATES)
    assert len(posting) == opened > 30
    assert [name for name, form in posting if not KEYS.search(form)] == []


SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL | re.IGNORECASE)
INLINE = {
    "a handler in an attribute": re.compile(r"<[^>{]*\son[a-z]+\s*=", re.IGNORECASE),
    "a style in an attribute": re.compile(r"<[^>{]*\sstyle\s*=", re.IGNORECASE),
    "a style sheet within the page": re.compile(r"<style\b", re.IGNORECASE),
    "an address that is a script": re.compile(r"javascript:", re.IGNORECASE),
    "text taken as markup": re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\("),
}


def test_no_template_has_a_script_or_style_of_its_own_or_trusts_a_text() -> None:
    faults = []
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        found = [name for name, pattern in INLINE.items() if pattern.search(text)]
        if path.name in DOCUMENTS:
            found = [name for name in found if name != "a style sheet within the page"]
        faults += [f"{path.name}: {name}" for name in found]
        for script in SCRIPT.finditer(text):
            if "nonce=" not in script["attributes"] and "src=" not in script["attributes"]:
                faults.append(f"{path.name}: a script without a nonce")
    assert len(TEMPLATES) > 60
    assert faults == []


def test_no_script_of_ours_keeps_anything_or_makes_markup() -> None:
    scripts = sorted((ROOT / "shared/platform/web/static").glob("*.js"))
    never = ["localStorage", "sessionStorage", "indexedDB", "document.cookie", "innerHTML", "outerHTML"]
    never += ["document.write", "eval(", "new Function", "postMessage", "importScripts", "serviceWorker"]
    assert [path.name for path in scripts] == ["suite.js", "time_out.js"]
    found = [f"{path.name}: {word}" for path in scripts for word in never if word in path.read_text(encoding="utf-8")]
    assert found == []


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: +4",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
    ],
)
def test_a_request_whose_end_can_be_read_in_two_ways_is_refused(head: str) -> None:
    raw = f"POST /pep/ HTTP/1.1\r\nHost: pep.example\r\n{head}\r\n\r\n0\r\n\r\n".encode()
    with pytest.raises(ParseException):
        next(RequestParser(Config(), iter([raw]), ("127.0.0.1", 1)))


def calls_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_every_csv_file_is_written_where_cells_are_made_harmless() -> None:
    writers = {path.name for path in CODE if "testing" not in path.parts and "csv.writer" in set(calls_in(path))}
    assert writers == {"tables_as_csv.py"}


def test_no_code_runs_a_text_unpacks_objects_or_asks_a_shell() -> None:
    """Nor mixes what comes in the address with what comes in the body, nor trusts a certificate unseen."""
    never = {"eval", "exec", "pickle.loads", "marshal.loads", "yaml.load", "os.system", "os.popen"}
    faults = []
    for path in CODE:
        text = path.read_text(encoding="utf-8")
        faults += [f"{path}: {name}" for name in never & set(calls_in(path))]
        words = ("shell=True", "request.values", "verify=False", "CERT_NONE", "render_template_string", "hashlib.md5")
        faults += [f"{path}: {word}" for word in words if word in text]
    assert faults == []


def test_what_is_refused_is_told_to_the_log_by_its_code(
    production: Production, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client = Client(production.apps["pep"])
    client.post("/children/new", base_url=HOST, data={})
    client.post("/api/children", base_url=HOST, json={})
    client.get("/api/children", base_url=HOST, headers={"Authorization": "Bearer made up"})
    told = [facts["refused"] for record in caplog.records if (facts := getattr(record, "facts", {})).get("refused")]
    assert told == ["form_token", "other_origin", "token_unknown"]
