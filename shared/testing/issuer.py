"""An OpenID provider for tests, over HTTP: oidc-provider-mock, held to PKCE, whose answers can be made wrong.

What somebody between a browser and an issuer could do, or a broken issuer, is done here: other claims in the ID token,
other keys, another issuer named in the answer.
"""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import oidc_provider_mock
import requests
from flask import g
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Request, Response

from shared.platform.issuers import Issuer, Purpose
from shared.testing.browser import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Claims = dict[str, Any]


class Provider:
    """The provider; `change_claims` and `change_answer` are what it does wrong, `metadata` what it says besides."""

    def __init__(self) -> None:
        self._app = oidc_provider_mock.app()
        self._challenges: dict[str, str] = {}
        self._lock = threading.Lock()
        self.address = ""
        self.asked: list[str] = []
        self.metadata: Claims = {}
        self.change_claims: Callable[[Claims], Claims] | None = None
        self.change_answer: Callable[[Claims], Claims] = dict
        self.key = self.sign_with = self._own_key()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as the provider does, but for what is to be wrong."""
        request = Request(environ)
        with self._lock:
            self.asked.append(request.path)
            answer = self._answer(request, environ)
        return answer(environ, start_response)

    def issuer(self, key: str = "council", purpose: Purpose = Purpose.COUNCIL, **more: Any) -> Issuer:
        """Return how the suite is set to use this provider."""
        settings = {"name": f"the {key} account", "client_id": f"suite-at-{key}", "client_secret": "a secret"}  # nosec B105  # the test's own
        return Issuer(key=key, purpose=purpose, url=self.address, scope="openid email profile", **{**settings, **more})

    def has(self, subject: str, **claims: Any) -> None:
        """Give somebody an account."""
        requests.put(f"{self.address}/users/{subject}", json=claims, timeout=10).raise_for_status()

    def enter(self, address: str, subject: str) -> str:
        """Sign somebody in where the suite sent their browser; return the path to which that is sent back."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
        parts = urlsplit(answer.headers["Location"])
        given = self.change_answer(dict(parse_qsl(parts.query)))
        return f"{parts.path}?{urlencode(given)}"

    def _answer(self, request: Request, environ: WSGIEnvironment) -> Response:
        body = request.get_data()
        environ["wsgi.input"] = BytesIO(body)
        if request.path == "/oauth2/token" and not self._knows_verifier(dict(parse_qsl(body.decode()))):
            return _json({"error": "invalid_grant"}, 400)
        answer = Response.from_app(self._app, environ, buffered=True)
        found: Claims = json.loads(answer.get_data()) if answer.is_json else {}
        if request.path == "/.well-known/openid-configuration":
            return _json({**found, **self.metadata})
        if request.path == "/oauth2/token" and "id_token" in found and self.change_claims is not None:
            claims = json.loads(urlsafe_b64decode(found["id_token"].split(".")[1] + "=="))
            found["id_token"] = jwt.encode({"alg": "RS256"}, self.change_claims(claims), self.sign_with)
            return _json(found)
        if request.path == "/oauth2/authorize" and answer.location:
            code = dict(parse_qsl(urlsplit(answer.location).query)).get("code", "")
            if request.args.get("code_challenge_method") == "S256":
                self._challenges[code] = request.args["code_challenge"]
        return answer

    def _own_key(self) -> RSAKey:
        with self._app.test_request_context("/"):
            self._app.preprocess_request()
            return RSAKey.import_key(g.oidc_provider_mock_storage.jwk.as_dict(is_private=True))

    def _knows_verifier(self, posted: Mapping[str, str]) -> bool:
        digest = urlsafe_b64encode(sha256(posted.get("code_verifier", "").encode()).digest())
        return self._challenges.pop(posted.get("code", ""), "") == digest.decode().rstrip("=")


@contextmanager
def providing() -> Iterator[Provider]:
    """Run a provider on a port of its own."""
    provider = Provider()
    with served(provider) as address:
        provider.address = address.replace("127.0.0.1", "localhost")
        yield provider


def _json(value: Claims, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
