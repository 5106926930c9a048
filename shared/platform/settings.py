"""What differs between one installation and another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from shared.platform.authorities import INVENTED, Authority, read_authorities
from shared.platform.issuers import Issuer, read_issuers

SERVICES = ("pep", "scheduling", "virtual_school")


class Mode(StrEnum):
    """`local` is one process tree on one machine for trying and for a small authority; `production` is the rest."""

    LOCAL = "local"
    PRODUCTION = "production"


class MailSecurity(StrEnum):
    """How the connection to the mail server is made safe: not at all, by STARTTLS, or by TLS from its first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True)
class Settings:
    """Every setting of an installation; `embedded` fills it for a home folder.

    `service_urls` are the addresses under which people reach each service (a path, or a whole origin and path).
    `mail_proof` says how the sender of a reply is proved: `local` (the From address must match, and no
    Authentication-Results header may say otherwise) or `authserv:ID` (that mail server must have said that DMARC or
    DKIM passed). `origin` is the address that links in mails start with. `smtp_user` and `smtp_password` log in at the
    mail server (empty: nobody does); `smtp_trust` is a file of certificates to trust besides those of the machine.
    `mail_per_minute` is how many mails a worker hands over in a minute at most (0: as many as the server takes),
    `mail_per_connection` how many before it opens another connection (0: never).
    `reply_mailbox` is the address of a mailbox from which answers are fetched; `reply_token_address` is where the
    client `reply_client` gets the token that opens it, where no password does. `name_sign_in` lets people sign in by
    picking a name through a proxy too, for a try-out with invented people.
    `proxies` is how many reverse proxies stand in front. `pool_size` is how many connections to its database a process
    keeps; it may open as many again for a moment. `metrics_port` is where a worker tells Prometheus what it counts (0:
    nowhere); `metrics_secret` is the bearer token that lets another machine ask. `anchors` is the folder in which the
    audit is anchored; without one it is `anchors` in the home. `issuers` are those by which people sign in.
    What `former_secrets` have signed still counts, until they are taken away.
    `authorities` are those whose children are here, at least one; what is of one no other ever meets.
    """

    mode: Mode
    secret: str
    broker: str
    databases: Mapping[str, str]
    origin: str
    home: Path
    service_urls: Mapping[str, str] = field(default_factory=lambda: {name: f"/{name}" for name in SERVICES})
    authorities: tuple[Authority, ...] = (INVENTED,)
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 0
    smtp_security: MailSecurity = MailSecurity.NONE
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_trust: str = ""
    mail_per_minute: int = 0
    mail_per_connection: int = 100
    mail_proof: str = "local"
    reply_mailbox: str = ""
    reply_token_address: str = ""
    reply_client: str = ""
    reply_client_secret: str = ""
    reply_scope: str = ""
    may_fetch_loopback: bool = False
    name_sign_in: bool = False
    proxies: int = 0
    pool_size: int = 5
    web_processes: int = 1
    web_threads: int = 8
    metrics_port: int = 0
    metrics_secret: str = ""
    anchors: Path | None = None
    issuers: tuple[Issuer, ...] = ()
    former_secrets: tuple[str, ...] = ()

    def address_of(self, service: str, path: str) -> str:
        """Return the whole address of a page, for a mail or a calendar entry; `path` starts with a slash."""
        address = self.service_urls[service] + path
        return address if "://" in address else self.origin + address

    def authority(self, key: str = "") -> Authority:
        """Return the authority of a key; without one, the only authority there is.

        Raises `LookupError` where it is not served here, or where there are several and none is named.
        """
        found = [one for one in self.authorities if key in ("", one.key)]
        if len(found) != 1:
            served = ", ".join(one.key for one in self.authorities)
            raise LookupError(
                f"This installation does not serve {key}; it serves {served}." if key else f"Name one of: {served}."
            )
        return found[0]

    def serves(self, key: str) -> bool:
        """Tell whether an authority is served here."""
        return any(one.key == key for one in self.authorities)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the secrets that may have signed what is shown to us, the one that signs now last."""
        return *self.former_secrets, self.secret

    @property
    def is_production(self) -> bool:
        """Tell whether this installation holds real children."""
        return self.mode is Mode.PRODUCTION


def named_authority(said: Callable[[str], str]) -> Authority:
    """Return the one authority that settings of their own name; what they leave out is as in the invented one."""
    return Authority(
        key=said("PEP_SUITE_AUTHORITY") or INVENTED.key,
        name=said("PEP_SUITE_AUTHORITY_NAME") or INVENTED.name,
        organizer_address=said("PEP_SUITE_ORGANIZER_ADDRESS") or INVENTED.organizer_address,
        organizer_name=said("PEP_SUITE_ORGANIZER_NAME") or INVENTED.organizer_name,
    )


def embedded(home: Path, *, port: int, smtp_port: int, secret: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the embedded form: everything in `home`, unless an address in `environ` says otherwise.

    `PEP_SUITE_BROKER` moves the queue (`amqp://…`); `PEP_SUITE_PEP_DATABASE`, `PEP_SUITE_SCHEDULING_DATABASE` and
    `PEP_SUITE_VIRTUAL_SCHOOL_DATABASE` move a service's tables (`postgresql+psycopg://…`).
    `PEP_SUITE_AUTHORITY`, `PEP_SUITE_AUTHORITY_NAME`, `PEP_SUITE_ORGANIZER_ADDRESS` and `PEP_SUITE_ORGANIZER_NAME` say
    whose it is, or `PEP_SUITE_AUTHORITIES` where it is several authorities'; a list that is faulty is passed over.
    `PEP_SUITE_METRICS_PORT` and `PEP_SUITE_METRICS_SECRET` let Prometheus ask. `PEP_SUITE_ANCHORS`
    is a folder outside the home for the anchors of the audit. `PEP_SUITE_ISSUERS` names the issuers by which people
    sign in; one that cannot be read is passed over.
    """
    several, _ = read_authorities(environ.get("PEP_SUITE_AUTHORITIES", ""))
    return Settings(
        mode=Mode(environ.get("PEP_SUITE_MODE", Mode.LOCAL)),
        secret=secret,
        broker=environ.get("PEP_SUITE_BROKER", f"embedded:///{home / 'queue.sqlite'}"),
        databases={
            name: environ.get(f"PEP_SUITE_{name.upper()}_DATABASE", f"sqlite:///{home / name}.sqlite")
            for name in SERVICES
        },
        origin=environ.get("PEP_SUITE_ORIGIN", f"http://127.0.0.1:{port}"),
        home=home,
        smtp_port=smtp_port,
        authorities=several or (named_authority(lambda name: environ.get(name, "").strip()),),
        metrics_port=int(environ.get("PEP_SUITE_METRICS_PORT", "0")),
        metrics_secret=environ.get("PEP_SUITE_METRICS_SECRET", ""),
        anchors=Path(environ["PEP_SUITE_ANCHORS"]) if environ.get("PEP_SUITE_ANCHORS") else None,
        issuers=read_issuers(environ.get("PEP_SUITE_ISSUERS", ""), production=False)[0],
    )
