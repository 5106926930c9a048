"""Settings from the environment, for a process that runs apart; in production nothing starts on a weak one.

Every fault is named at once, so that an installation is mended in one go, not in ten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from shared.platform.authorities import SHORT_NAME, read_authorities
from shared.platform.issuers import THIS_MACHINE, Purpose, read_issuers
from shared.platform.setting_table import BY_NAME, TRY_OUT_PASSWORD
from shared.platform.settings import SERVICES, MailSecurity, Mode, Settings, named_authority

Choice = TypeVar("Choice", bound=StrEnum)

SHORTEST_SECRET = 32
FEWEST_DIFFERENT_LETTERS = 12
PUBLISHED_PASSWORDS = frozenset({"", "guest", "postgres", "password", "pep", "change-me", TRY_OUT_PASSWORD})
ON = frozenset({"yes", "true", "1", "on"})
OFF = frozenset({"no", "false", "0", "off"})
MAILBOXES = ("imaps", "imap+starttls", "imap")


class UnusableSettings(Exception):
    """The suite cannot start on these settings; `faults` says everything that is wrong with them."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(["PEP Suite does not start on these settings:", *(f"- {one}" for one in faults)]))


def from_environment(
    environ: Mapping[str, str], services: Sequence[str] = SERVICES, *, broker: bool = True, mailbox: bool = False
) -> Settings:
    """Return the settings of a process that works for `services`; only their databases are asked for.

    `broker` tells whether the process talks to it; a web process does not, and need not know its address. `mailbox`
    tells whether the process fetches answers from one.

    A secret setting may also be given as a file: `PEP_SUITE_SECRET_FILE=/run/secrets/suite` for `PEP_SUITE_SECRET`.
    Raises `UnusableSettings` naming every fault.
    """
    reader = _Reader(environ)
    mode = reader.one_of("PEP_SUITE_MODE", Mode)
    issuers, issuer_faults = read_issuers(reader.text("PEP_SUITE_ISSUERS"), production=mode is Mode.PRODUCTION)
    several = reader.text("PEP_SUITE_AUTHORITIES")
    authorities, authority_faults = read_authorities(several) if several else ((), [])
    settings = Settings(
        mode=mode,
        secret=reader.text("PEP_SUITE_SECRET", "" if mode is Mode.PRODUCTION else None),
        broker=reader.address("PEP_SUITE_BROKER", ("amqp", "amqps", "embedded")) if broker else "",
        databases={
            name: reader.address(f"PEP_SUITE_{name.upper()}_DATABASE", ("postgresql+psycopg", "sqlite"))
            for name in services
        },
        former_secrets=tuple(reader.text("PEP_SUITE_FORMER_SECRETS").split()),
        origin=reader.text("PEP_SUITE_ORIGIN").rstrip("/"),
        home=Path(reader.text("PEP_SUITE_HOME")),
        authorities=authorities or (named_authority(reader.text),),
        smtp_host=reader.text("PEP_SUITE_SMTP_HOST", ""),
        smtp_port=reader.number("PEP_SUITE_SMTP_PORT", 0, 65535, default="0"),
        smtp_security=reader.one_of("PEP_SUITE_SMTP_SECURITY", MailSecurity),
        smtp_user=reader.text("PEP_SUITE_SMTP_USER"),
        smtp_password=reader.text("PEP_SUITE_SMTP_PASSWORD"),
        smtp_trust=reader.text("PEP_SUITE_SMTP_TRUST"),
        mail_per_minute=reader.number("PEP_SUITE_MAIL_PER_MINUTE", 0, 100_000),
        mail_per_connection=reader.number("PEP_SUITE_MAIL_PER_CONNECTION", 0, 10_000),
        mail_proof=reader.text("PEP_SUITE_MAIL_PROOF"),
        reply_mailbox=reader.address("PEP_SUITE_REPLY_MAILBOX", MAILBOXES) if mailbox else "",
        reply_token_address=reader.text("PEP_SUITE_REPLY_TOKEN_ADDRESS") if mailbox else "",
        reply_client=reader.text("PEP_SUITE_REPLY_CLIENT") if mailbox else "",
        reply_client_secret=reader.text("PEP_SUITE_REPLY_CLIENT_SECRET") if mailbox else "",
        reply_scope=reader.text("PEP_SUITE_REPLY_SCOPE") if mailbox else "",
        name_sign_in=reader.yes("PEP_SUITE_NAME_SIGN_IN", default="no"),
        proxies=reader.number("PEP_SUITE_PROXIES", 0, 5),
        pool_size=reader.number("PEP_SUITE_POOL_SIZE", 1, 100),
        web_processes=reader.number("PEP_SUITE_WEB_PROCESSES", 1, 64),
        web_threads=reader.number("PEP_SUITE_WEB_THREADS", 1, 128),
        metrics_port=reader.number("PEP_SUITE_METRICS_PORT", 0, 65535),
        metrics_secret=reader.text("PEP_SUITE_METRICS_SECRET"),
        anchors=Path(reader.text("PEP_SUITE_ANCHORS")),
        issuers=issuers,
    )
    faults = [
        *reader.faults,
        *authority_faults,
        *issuer_faults,
        *_address_faults(settings),
        *_issuer_faults(settings),
        *_mail_faults(settings),
    ]
    if settings.is_production:
        faults += production_faults(settings, environ)
    if faults:
        raise UnusableSettings(faults)
    return settings


def production_faults(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Return everything that forbids these settings in production."""
    return [
        *_secret_faults("PEP_SUITE_SECRET", settings.secret),
        *(_secret_faults("PEP_SUITE_METRICS_SECRET", settings.metrics_secret) if settings.metrics_secret else ()),
        *(fault for one in settings.former_secrets for fault in _secret_faults("PEP_SUITE_FORMER_SECRETS", one)),
        *_store_faults(settings),
        *_wire_faults(settings),
        *_door_faults(settings, environ),
    ]


def _address_faults(settings: Settings) -> Iterator[str]:
    parts = urlsplit(settings.origin)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        yield "PEP_SUITE_ORIGIN must be an address without a path, as https://pep.example"
    if not all(SHORT_NAME.fullmatch(one.key) for one in settings.authorities):
        yield "PEP_SUITE_AUTHORITY must be 1 to 40 lower-case letters, digits and _, a letter first"


def _issuer_faults(settings: Settings) -> Iterator[str]:
    served = {one.key for one in settings.authorities}
    for issuer in settings.issuers:
        for key in sorted(issuer.authorities - served):
            yield f"PEP_SUITE_ISSUERS, {issuer.key}: {key} is no authority that is served here"
        if issuer.purpose is Purpose.COUNCIL and len(served) > 1 and not issuer.authorities:
            yield f"PEP_SUITE_ISSUERS, {issuer.key}: authorities must say whose it is, as several are served"


def _mail_faults(settings: Settings) -> Iterator[str]:
    if settings.mail_proof != "local" and not settings.mail_proof.removeprefix("authserv:").strip():
        yield "PEP_SUITE_MAIL_PROOF names no mail server after authserv:"
    if settings.mail_proof != "local" and not settings.mail_proof.startswith("authserv:"):
        yield "PEP_SUITE_MAIL_PROOF must be local or authserv:ID"
    mailbox = urlsplit(settings.reply_mailbox)
    by_token = bool(settings.reply_token_address)
    if settings.reply_mailbox and not (mailbox.hostname and mailbox.username and (mailbox.password or by_token)):
        yield "PEP_SUITE_REPLY_MAILBOX must say who reads it, and where: imaps://USER:PASSWORD@HOST/INBOX"
    if by_token:
        yield from _token_faults(settings)
    whose = parse_qs(mailbox.query).get("authority", [""])[-1]
    if settings.reply_mailbox and not (settings.serves(whose) if whose else len(settings.authorities) == 1):
        yield "PEP_SUITE_REPLY_MAILBOX must say whose it is, of those that are served: …?authority=KEY"
    if bool(settings.smtp_user) != bool(settings.smtp_password):
        yield "PEP_SUITE_SMTP_USER and PEP_SUITE_SMTP_PASSWORD belong together; one of them is missing"
    if settings.smtp_trust and not Path(settings.smtp_trust).is_file():
        yield "PEP_SUITE_SMTP_TRUST names no file"


def _token_faults(settings: Settings) -> Iterator[str]:
    address = urlsplit(settings.reply_token_address)
    if address.scheme != "https" and address.hostname not in THIS_MACHINE:
        yield "PEP_SUITE_REPLY_TOKEN_ADDRESS must start with https://"
    if not (settings.reply_client and settings.reply_client_secret):
        yield "PEP_SUITE_REPLY_CLIENT or PEP_SUITE_REPLY_CLIENT_SECRET is missing: who asks for the token?"


def _secret_faults(setting: str, secret: str) -> Iterator[str]:
    if secret == BY_NAME["PEP_SUITE_SECRET"].default:
        yield f"{setting} is the published one of a try-out"
    elif len(secret) < SHORTEST_SECRET:
        yield f"{setting} is missing or shorter than {SHORTEST_SECRET} characters"
    elif len(set(secret)) < FEWEST_DIFFERENT_LETTERS:
        yield f"{setting} can be guessed: let it be made by chance"


def _store_faults(settings: Settings) -> Iterator[str]:
    for name, address in settings.databases.items():
        setting = f"PEP_SUITE_{name.upper()}_DATABASE"
        if address.startswith("sqlite"):
            yield f"{setting} is SQLite; production needs PostgreSQL"
        elif address.startswith("postgresql") and _password(address) in PUBLISHED_PASSWORDS:
            yield f"{setting} has no password, or a published one"
    if len(set(settings.databases.values())) < len([address for address in settings.databases.values() if address]):
        yield "Two services are given the same database"
    if settings.broker.startswith("embedded"):
        yield "PEP_SUITE_BROKER is the embedded queue; production needs RabbitMQ"
    elif settings.broker.startswith("amqp") and _password(settings.broker) in PUBLISHED_PASSWORDS:
        yield "PEP_SUITE_BROKER has no password, or a published one"


def _wire_faults(settings: Settings) -> Iterator[str]:
    """Yield what would send records in the clear to another machine.

    A name without a dot is taken for a container's on a network that nobody else is on.
    """
    for name, address in settings.databases.items():
        if address.startswith("postgresql") and _is_elsewhere(address) and not _checks_certificate(address):
            yield (
                f"PEP_SUITE_{name.upper()}_DATABASE would go in the clear, or to anybody: add ?sslmode=verify-full "
                "(and &sslrootcert=FILE where the authority signs its certificates itself)"
            )
    if settings.broker.startswith("amqp://") and _is_elsewhere(settings.broker):
        yield "PEP_SUITE_BROKER would go in the clear: use amqps://"
    in_the_clear = settings.smtp_security is MailSecurity.NONE and not settings.smtp_user
    if in_the_clear and _is_elsewhere(f"smtp://{settings.smtp_host}"):
        yield "PEP_SUITE_SMTP_SECURITY is none: mails about children would travel in the clear"


def _is_elsewhere(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return True
    return "." in host and host not in THIS_MACHINE


def _checks_certificate(address: str) -> bool:
    return parse_qs(urlsplit(address).query).get("sslmode") == ["verify-full"]


def _door_faults(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    parts = urlsplit(settings.origin)
    if parts.scheme == "http":
        yield "PEP_SUITE_ORIGIN is not https"
    if parts.hostname in THIS_MACHINE:
        yield "PEP_SUITE_ORIGIN names this machine itself, which nobody else can reach"
    if settings.name_sign_in:
        yield "PEP_SUITE_NAME_SIGN_IN is on: anybody could be anybody"
    if environ.get("PEP_SUITE_FILL_DEMO", "no").strip().lower() in ON:
        yield "PEP_SUITE_FILL_DEMO is on: invented children would be among the real ones"
    if environ.get("FLASK_DEBUG", "").strip().lower() not in ("", *OFF):
        yield "FLASK_DEBUG is on: errors would show what nobody may see"
    if settings.mail_proof == "local":
        yield "PEP_SUITE_MAIL_PROOF is local: anybody could answer for anybody"
    if not settings.smtp_host or not settings.smtp_port:
        yield "PEP_SUITE_SMTP_HOST or PEP_SUITE_SMTP_PORT is missing: no invitation would go out"
    if settings.smtp_user and settings.smtp_security is MailSecurity.NONE:
        yield "PEP_SUITE_SMTP_SECURITY is none: the password of PEP_SUITE_SMTP_USER would travel in the clear"
    if settings.reply_mailbox.startswith("imap:"):
        yield "PEP_SUITE_REPLY_MAILBOX is imap://: its password would travel in the clear"
    if settings.smtp_host == BY_NAME["PEP_SUITE_SMTP_HOST"].default:
        yield "PEP_SUITE_SMTP_HOST is the mail catcher of a try-out: no invitation would reach anybody"
    if any(one.organizer_address.endswith((".example", "@localhost")) for one in settings.authorities):
        yield "PEP_SUITE_ORGANIZER_ADDRESS is an invented one: no answer would come back"


def _password(address: str) -> str:
    try:
        return unquote(urlsplit(address).password or "")
    except ValueError:
        return ""


class _Reader:
    """Reads settings one by one and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return a setting, or what its file says, or its default."""
        value = self._environ.get(name, "").strip()
        path = self._environ.get(f"{name}_FILE", "").strip() if BY_NAME[name].secret else ""
        if path and value:
            self.faults.append(f"{name} and {name}_FILE are both set; take one away")
        elif path:
            value = self._from_file(name, path)
        return value or (BY_NAME[name].default if default is None else default)

    def address(self, name: str, schemes: Sequence[str]) -> str:
        """Return an address of one of these kinds; there is no default."""
        value = self.text(name)
        if not value:
            self.faults.append(f"{name} is missing")
        elif value.partition("://")[0] not in schemes:
            self.faults.append(f"{name} must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    def number(self, name: str, least: int, most: int, default: str | None = None) -> int:
        """Return a whole number."""
        value = self.text(name, default)
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        self.faults.append(f"{name} must be a whole number from {least} to {most}")
        return most

    def yes(self, name: str, default: str | None = None) -> bool:
        """Return whether a setting is on."""
        value = self.text(name, default).lower()
        if value not in ON | OFF:
            self.faults.append(f"{name} must be yes or no")
        return value in ON

    def one_of(self, name: str, kind: type[Choice]) -> Choice:
        """Return one of some words; the last, which is the strictest, where it is none of them."""
        try:
            return kind(self.text(name))
        except ValueError:
            self.faults.append(f"{name} must be {' or '.join(kind)}")
            return list(kind)[-1]

    def _from_file(self, name: str, path: str) -> str:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not text"
            self.faults.append(f"{name}_FILE cannot be read: {said}")
            return ""
