"""The OpenID Connect issuers by which people of an installation sign in: what is set of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
CLIENT_AUTHENTICATION = frozenset({"client_secret_basic", "client_secret_post"})
_KEY = re.compile(r"[a-z][a-z0-9-]{0,38}")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_TEXTS = ("key", "name", "issuer", "client_id")
_KNOWN = frozenset(
    {*_TEXTS, "for", "client_secret", "client_secret_file", "scope", "vouches_for", "authorities", "authentication"}
    | {"must_say"}
)


class Purpose(StrEnum):
    """Whose accounts an issuer has. A school's issuer says for which school somebody has just signed in."""

    COUNCIL = "council"
    SCHOOL = "school"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer. `key` names it in addresses, `name` to people; `url` is the issuer exactly as its tokens say it.

    `vouches_for` are the domains whose mail addresses this issuer hands out itself, so that they count as verified.
    `authorities` are those whose people it may prove, where it is an authority's own; none named means all.
    `must_say` are claims of its tokens, each of which must be, or hold, one of some words, such as `mfa` for `amr`.
    """

    key: str
    name: str
    purpose: Purpose
    url: str
    client_id: str
    client_secret: str
    scope: str
    vouches_for: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset()
    authentication: str = "client_secret_basic"
    must_say: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_issuers(text: str, *, production: bool) -> tuple[tuple[Issuer, ...], list[str]]:
    """Return the issuers that a setting in JSON names, and everything that is wrong with it (nothing secret in it)."""
    if not text.strip():
        return (), []
    try:
        entries = json.loads(text)
    except ValueError as error:
        return (), [f"PEP_SUITE_ISSUERS is not JSON: {getattr(error, 'msg', 'it cannot be read')}"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return (), ["PEP_SUITE_ISSUERS must be a list of issuers, each in braces"]
    faults: list[str] = []
    found: list[Issuer] = []
    for number, entry in enumerate(entries, start=1):
        wrong = list(_faults(entry, production=production))
        secret, fault = _secret(entry)
        wrong += [fault] if fault else []
        faults += [f"PEP_SUITE_ISSUERS, issuer {number}: {one}" for one in wrong]
        if not wrong:
            found.append(_issuer(entry, secret))
    faults += [f"PEP_SUITE_ISSUERS names the {what} {value} twice" for what, value in _doubles(found)]
    return tuple(found), faults


def _faults(entry: Mapping[str, Any], *, production: bool) -> Iterator[str]:
    for name in _TEXTS:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            yield f"{name} is missing"
            return
    unknown = sorted(entry.keys() - _KNOWN)
    if unknown:
        yield f"{', '.join(unknown)} is not a setting"
    if not _KEY.fullmatch(entry["key"]):
        yield "key must be lower-case letters, digits and hyphens"
    if entry.get("for") not in set(Purpose):
        yield f"for must be {', '.join(Purpose)}"
    parts = urlsplit(entry["issuer"])
    at_home = parts.scheme == "http" and parts.hostname in THIS_MACHINE and not production
    if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or at_home):
        yield "issuer must be an https address"
    if entry.get("authentication", "client_secret_basic") not in CLIENT_AUTHENTICATION:
        yield f"authentication must be {' or '.join(sorted(CLIENT_AUTHENTICATION))}"
    domains = entry.get("vouches_for", [])
    if not isinstance(domains, list) or not all(
        isinstance(one, str) and "." in one and "@" not in one for one in domains
    ):
        yield "vouches_for must be a list of domains"
    authorities = entry.get("authorities", [])
    if not isinstance(authorities, list) or not all(isinstance(one, str) for one in authorities):
        yield "authorities must be a list of short names"
    if not _names_claims(entry.get("must_say", {})):
        yield "must_say must name claims, each with a list of words"
    scope = entry.get("scope", "openid")
    if not isinstance(scope, str) or "openid" not in scope.split():
        yield "scope must be text with openid in it"


def _names_claims(must_say: object) -> bool:
    return isinstance(must_say, dict) and all(
        isinstance(words, list) and words and all(isinstance(word, str) for word in words)
        for words in must_say.values()
    )


def _secret(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the client's secret, or what is wrong with it."""
    given, path = entry.get("client_secret", ""), entry.get("client_secret_file", "")
    if bool(given) == bool(path) or not isinstance(given or path, str):
        return "", "give either client_secret or client_secret_file"
    if given:
        return str(given), ""
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text"
        return "", f"client_secret_file cannot be read: {said}"
    return secret, "" if secret else "client_secret_file is empty"


def _issuer(entry: Mapping[str, Any], secret: str) -> Issuer:
    purpose = Purpose(entry["for"])
    usual = "openid email profile" + (" organisation" if purpose is Purpose.SCHOOL else "")
    return Issuer(
        key=entry["key"],
        name=entry["name"].strip(),
        purpose=purpose,
        url=entry["issuer"],
        client_id=entry["client_id"],
        client_secret=secret,
        scope=entry.get("scope", usual),
        vouches_for=frozenset(domain.lower() for domain in entry.get("vouches_for", [])),
        authorities=frozenset(entry.get("authorities", [])),
        authentication=entry.get("authentication", "client_secret_basic"),
        must_say={claim: frozenset(words) for claim, words in entry.get("must_say", {}).items()},
    )


def _doubles(found: Sequence[Issuer]) -> Iterator[tuple[str, str]]:
    for what, values in (("key", [one.key for one in found]), ("issuer", [one.url for one in found])):
        yield from ((what, value) for value in sorted(set(values)) if values.count(value) > 1)
