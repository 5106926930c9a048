"""Signing in by OpenID Connect, as the relying party: the authorization code flow with PKCE.

Every step that could be answered by somebody else than the issuer asked is checked: the state (RFC 6749 10.12), the
issuer named in the answer (RFC 9207, against mix-up), the code's verifier (RFC 7636), and of the ID token the
signature, issuer, audience, time limits and nonce (OpenID Connect Core 3.1.3.7).
"""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.kernel.errors import DomainError
from shared.kernel.ids import new_secret
from shared.platform.issuers import Issuer

log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "PS256", "ES256")
LEEWAY = timedelta(seconds=60)
ANSWER_WITHIN = timedelta(minutes=10)
METADATA_SECONDS = 3600.0
KEYS_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 60.0
TIMEOUT = (5.0, 10.0)
LONGEST_SUBJECT = 255
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class SignInRefused(DomainError):
    """An answer that nobody may be signed in by; `code` says which check it failed."""

    status = 403


class IssuerAway(DomainError):
    """The issuer does not answer, or not as OpenID Connect says."""

    status = 503


@dataclass(frozen=True, slots=True)
class Pending:
    """What a browser keeps while its person is at the issuer; `invitation` and `next` are for afterwards."""

    issuer: str
    state: str
    nonce: str
    verifier: str
    at: str
    next: str = ""
    invitation: str = ""

    def as_cookie(self) -> dict[str, str]:
        """Return it as the signed cookie holds it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Proved:
    """What an issuer has proved: who, in its own numbering, and what it says of them."""

    issuer: Issuer
    subject: str
    claims: Mapping[str, Any]
    id_token: str

    @property
    def email(self) -> str:
        """Return the mail address that is surely theirs, or an empty text."""
        email = self.claims.get("email")
        if not isinstance(email, str) or email.count("@") != 1:
            return ""
        vouched = email.rpartition("@")[2].lower() in self.issuer.vouches_for
        return email.strip() if vouched or self.claims.get("email_verified") is True else ""

    @property
    def school_urn(self) -> str:
        """Return the URN of the school for which they signed in, where the issuer says one (DfE Sign-in does)."""
        organisation = self.claims.get("organisation")
        urn = organisation.get("urn") if isinstance(organisation, Mapping) else None
        return str(urn or "")


class RelyingParty:
    """Talks to the issuers; keeps what each says of itself for an hour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._metadata: dict[str, tuple[float, dict[str, Any]]] = {}
        self._keys: dict[str, tuple[float, KeySet]] = {}

    def begin(
        self, issuer: Issuer, redirect_uri: str, now: datetime, *, then: str = "", invitation: str = ""
    ) -> tuple[str, Pending]:
        """Return where to send the browser, and what it keeps meanwhile. Raises `IssuerAway`."""
        endpoint = self.metadata(issuer)["authorization_endpoint"]
        pending = Pending(
            issuer.key, new_secret(), new_secret(), new_secret(), now.isoformat(), next=then, invitation=invitation
        )
        address, _ = self._client(issuer, redirect_uri).create_authorization_url(
            endpoint, state=pending.state, nonce=pending.nonce, code_verifier=pending.verifier
        )
        return address, pending

    def finish(
        self, issuer: Issuer, pending: Pending | None, answer: Mapping[str, str], redirect_uri: str, now: datetime
    ) -> Proved:
        """Return what the issuer's answer proves. Raises `SignInRefused` and `IssuerAway`."""
        metadata = self.metadata(issuer)
        _check_answer(issuer, pending, answer, metadata, now)
        assert pending is not None  # noqa: S101 - checked just above
        client = self._client(issuer, redirect_uri)
        try:
            token = client.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=answer["code"],
                code_verifier=pending.verifier,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except AuthlibBaseError as error:
            raise _refused("code_refused", issuer) from error
        except (requests.RequestException, ValueError) as error:
            raise _away(issuer, error) from error
        raw = token.get("id_token")
        claims = self._read(issuer, str(raw or ""), pending.nonce, now)
        if not claims.get("email") and "userinfo_endpoint" in metadata:
            claims = {**self._user_info(issuer, client, metadata["userinfo_endpoint"], claims["sub"]), **claims}
        return Proved(issuer, claims["sub"], claims, str(raw))

    def way_out(self, issuer: Issuer, id_token: str, back_to: str) -> str:
        """Return where somebody signs out at the issuer, or an empty text where it has no such page.

        Raises `IssuerAway`.
        """
        endpoint = self.metadata(issuer).get("end_session_endpoint")
        if not endpoint:
            return ""
        asks = {"client_id": issuer.client_id, "post_logout_redirect_uri": back_to}
        if id_token:
            asks["id_token_hint"] = id_token
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asks)}"

    def metadata(self, issuer: Issuer) -> dict[str, Any]:
        """Return what an issuer says of itself (OpenID Connect Discovery), at most an hour old. Raises `IssuerAway`."""
        at, found = self._metadata.get(issuer.key, (0.0, {}))
        if not found or monotonic() - at > METADATA_SECONDS:
            found = self._fetch(issuer, issuer.url.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != issuer.url:
                raise _away(issuer, ValueError("it says that it is another issuer"))
            for name in _NEEDED:
                if not _is_safe(found.get(name), issuer):
                    raise _away(issuer, ValueError(f"its {name} is missing or not https"))
            self._metadata[issuer.key] = (monotonic(), found)
        return found

    def _client(self, issuer: Issuer, redirect_uri: str) -> OAuth2Session:
        return OAuth2Session(
            issuer.client_id,
            issuer.client_secret,
            scope=issuer.scope,
            redirect_uri=redirect_uri,
            token_endpoint_auth_method=issuer.authentication,
            code_challenge_method="S256",
        )

    def _read(self, issuer: Issuer, raw: str, nonce: str, now: datetime) -> dict[str, Any]:
        """Return the claims of an ID token that is meant for us, now and for this browser."""
        try:
            claims = jwt.decode(raw, self._keys_of(issuer), algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError):
            try:
                claims = jwt.decode(raw, self._keys_of(issuer, anew=True), algorithms=list(ALGORITHMS)).claims
            except (JoseError, ValueError) as error:
                raise _refused("token_unsigned", issuer) from error
        for code, good in _checks(claims, issuer, nonce, now).items():
            if not good:
                raise _refused(code, issuer)
        return dict(claims)

    def _keys_of(self, issuer: Issuer, *, anew: bool = False) -> KeySet:
        """Return an issuer's keys; `anew` fetches them again, because it may have changed them, once a minute."""
        with self._lock:
            at, keys = self._keys.get(issuer.key, (0.0, None))
            age = monotonic() - at
            if keys is None or age > KEYS_SECONDS or (anew and age > KEYS_AGAIN_SECONDS):
                try:
                    keys = KeySet.import_key_set(self._fetch(issuer, self.metadata(issuer)["jwks_uri"]))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise _away(issuer, error) from error
                self._keys[issuer.key] = (monotonic(), keys)
            return keys

    def _user_info(self, issuer: Issuer, client: OAuth2Session, endpoint: str, subject: str) -> dict[str, Any]:
        if not _is_safe(endpoint, issuer):
            raise _away(issuer, ValueError("its userinfo_endpoint is not https"))
        try:
            said = client.get(endpoint, timeout=TIMEOUT, allow_redirects=False).json()
        except (requests.RequestException, AuthlibBaseError, ValueError) as error:
            raise _away(issuer, error) from error
        if not isinstance(said, dict) or said.get("sub") != subject:
            raise _refused("user_info_of_another", issuer)
        return said

    def _fetch(self, issuer: Issuer, address: str) -> dict[str, Any]:
        try:
            answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise _away(issuer, error) from error
        if not isinstance(found, dict):
            raise _away(issuer, ValueError("it answers something else"))
        return found


def _check_answer(
    issuer: Issuer, pending: Pending | None, answer: Mapping[str, str], metadata: Mapping[str, Any], now: datetime
) -> None:
    """Raise `SignInRefused` unless the answer belongs to what this browser asked of this issuer."""
    if pending is None or pending.issuer != issuer.key:
        raise _refused("not_asked", issuer)
    if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        raise _refused("another_state", issuer)
    if now - datetime.fromisoformat(pending.at) > ANSWER_WITHIN:
        raise _refused("too_late", issuer)
    named = answer.get("iss")
    if named is None and metadata.get("authorization_response_iss_parameter_supported") is True:
        raise _refused("issuer_unnamed", issuer)
    if named is not None and named != issuer.url:
        raise _refused("another_issuer", issuer)
    if "error" in answer or not answer.get("code"):
        raise _refused("given_up", issuer)


def _checks(claims: Mapping[str, Any], issuer: Issuer, nonce: str, now: datetime) -> dict[str, bool]:
    """Return what must hold of an ID token, each with the code of its refusal."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    subject = claims.get("sub")
    expires, issued = claims.get("exp"), claims.get("iat")
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    return {
        "token_of_another_issuer": claims.get("iss") == issuer.url,
        "token_for_another": issuer.client_id in audiences
        and claims.get("azp", issuer.client_id) == issuer.client_id
        and (len(audiences) == 1 or "azp" in claims),
        "token_expired": isinstance(expires, (int, float)) and at < expires + leeway,
        "token_of_the_future": isinstance(issued, (int, float)) and issued <= at + leeway,
        "another_nonce": hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()),
        "token_of_nobody": isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT,
        "too_weak": all(_says(claims.get(claim), words) for claim, words in issuer.must_say.items()),
    }


def _says(said: object, words: frozenset[str]) -> bool:
    """Tell whether a claim is, or holds, one of the words."""
    return any(one in words for one in (said if isinstance(said, list) else [said]) if isinstance(one, str))


def _is_safe(address: object, issuer: Issuer) -> bool:
    """Tell whether an address is https, or in a try-out on the same machine as its issuer."""
    if not isinstance(address, str):
        return False
    parts, at_home = urlsplit(address), urlsplit(issuer.url)
    return parts.scheme == "https" or (at_home.scheme == "http" and parts.hostname == at_home.hostname)


def _refused(code: str, issuer: Issuer) -> SignInRefused:
    log.warning("A sign-in was refused: %s", code, extra={"facts": {"issuer": issuer.key, "code": code}})
    return SignInRefused(code, "You could not be signed in. Start again from the sign-in page.")


def _away(issuer: Issuer, error: Exception) -> IssuerAway:
    log.warning(
        "An issuer does not answer as it should", extra={"facts": {"issuer": issuer.key, "error": type(error).__name__}}
    )
    return IssuerAway(
        "issuer_away",
        f"{issuer.name} does not answer just now, so you cannot sign in with it. Try again in a few minutes.",
    )
