"""Reads what our own mail server says about the sender of a mail (Authentication-Results, RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from services.scheduling.domain.mailboxes import ascii_address
from services.scheduling.domain.replies import Proof

MAX_HEADERS, LONGEST_HEADER = 30, 8000
_BRACKET = re.compile(r"[()]")
UNNAMED = "unnamed"
"""What the setting calls a server that does not put its name first, as Microsoft 365's."""
_RESULT = re.compile(r"(dmarc|dkim|spf)\s*=\s*([a-z]+)(.*)", re.IGNORECASE | re.DOTALL)
_FROM = re.compile(r"header\.from\s*=\s*\"?(?:[^\s\"@;]*@)?([A-Za-z0-9.-]+)", re.IGNORECASE)
_SIGNER = re.compile(r"header\.d\s*=\s*\"?([A-Za-z0-9.-]+)", re.IGNORECASE)


def read_proof(headers: Iterable[object], sender: str, mail_proof: str) -> tuple[Proof, bool]:
    """Return what the trusted server says, and whether any server says that the sender is not who they claim.

    `mail_proof` is `local`, or `authserv:ID` with the name of the one server whose word counts. That server puts its
    header above those that came with the mail, so its first header is the one that counts. A server that names itself
    nowhere is meant by `authserv:unnamed`.
    """
    trusted = mail_proof.removeprefix("authserv:").strip().lower() if mail_proof.startswith("authserv:") else None
    if trusted == UNNAMED:
        trusted = ""
    proof = Proof.MISSING
    disowned = False
    for header in islice(headers, MAX_HEADERS):
        server, results = _read(str(header)[:LONGEST_HEADER])
        verdict = _verdict(results, ascii_address(sender).rpartition("@")[2])
        disowned = disowned or verdict is Proof.FAILED
        if trusted is not None and server == trusted and proof is Proof.MISSING:
            proof = verdict if verdict is Proof.PASSED else Proof.FAILED
    return proof, disowned


def _read(header: str) -> tuple[str, list[tuple[str, str, str]]]:
    server, *rest = _without_comments(" ".join(header.split())).split(";")
    if "=" in server:
        server, rest = "", [server, *rest]
    matches = (_RESULT.fullmatch(each.strip()) for each in rest)
    found = [(match.group(1).lower(), match.group(2).lower(), match.group(3)) for match in matches if match]
    return (server.split() or [""])[0].lower(), found


def _without_comments(text: str) -> str:
    """Leave out what stands in brackets, also in brackets within brackets."""
    kept, depth, at = [], 0, 0
    for bracket in _BRACKET.finditer(text):
        if depth == 0:
            kept.append(text[at : bracket.start()])
        depth = depth + 1 if bracket.group() == "(" else max(0, depth - 1)
        at = bracket.end()
    return " ".join([*kept, text[at:]] if depth == 0 else kept)


def _verdict(results: list[tuple[str, str, str]], domain: str) -> Proof:
    """DMARC of the sender's domain decides where it was tried; else a DKIM signature of the sender's own domain."""
    dmarc = [(outcome, _FROM.search(detail)) for method, outcome, detail in results if method == "dmarc"]
    tried = [(outcome, at) for outcome, at in dmarc if outcome in ("pass", "fail")]
    if tried:
        outcome, at = tried[0]
        of_sender = at is None or at.group(1).lower().strip(".") == domain.lower()
        return Proof.PASSED if outcome == "pass" and of_sender else Proof.FAILED
    dkim = [(outcome, _SIGNER.search(detail)) for method, outcome, detail in results if method == "dkim"]
    if any(outcome == "pass" and signer and _aligned(signer.group(1), domain) for outcome, signer in dkim):
        return Proof.PASSED
    if any(outcome == "fail" for outcome, _ in dkim) or any(
        method == "spf" and outcome == "fail" for method, outcome, _ in results
    ):
        return Proof.FAILED
    return Proof.MISSING


def _aligned(signer: str, domain: str) -> bool:
    signer, domain = signer.lower().strip("."), domain.lower()
    return bool(domain) and (domain == signer or domain.endswith(f".{signer}")) and "." in signer
