"""Every setting that is read from the environment: the one table behind `.env.example` and the page on operating."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TRY_OUT_PASSWORD = "for-a-try-out-only"  # nosec B105  # noqa: S105 - known to everybody, and refused in production
TRY_OUT_SECRET = "known to everybody, so good for a try-out with invented people only"  # nosec B105  # noqa: S105


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `default` is what holds when it is not set; `secret` ones may also come from a file.

    `compose` tells that only `docker-compose.yml` reads it, `computed` that `docker-compose.yml` fills it.
    """

    name: str
    words: str
    default: str = ""
    secret: bool = False
    compose: bool = False
    computed: bool = False


SETTINGS = (
    Setting("PEP_SUITE_MODE", "`local` for a try-out with invented people, `production` for real ones", "local"),
    Setting(
        "PEP_SUITE_ORIGIN",
        "the address in front of everything, without a path; links in mails start with it",
        "http://127.0.0.1:8600",
    ),
    Setting(
        "PEP_SUITE_SECRET",
        "signs sessions and bearer tokens; the same for all three services, at least 32 characters, made by chance",
        TRY_OUT_SECRET,
        secret=True,
    ),
    Setting(
        "PEP_SUITE_FORMER_SECRETS",
        "secrets used before, with spaces between; what they signed still counts until they are taken out",
        secret=True,
    ),
    Setting(
        "PEP_SUITE_NAME_SIGN_IN",
        "`yes` offers signing in by picking a name on a proxied address of this machine; never in production",
        "yes",
    ),
    Setting(
        "PEP_SUITE_ISSUERS",
        "the OpenID Connect issuers by which people sign in, a list in JSON; without one, production has no sign-in by "
        "page",
        secret=True,
    ),
    Setting(
        "PEP_SUITE_FILL_DEMO", "`yes` fills empty databases with the invented authority; never in production", "yes"
    ),
    Setting("PEP_SUITE_AUTHORITY", "the local authority's short name: lower-case letters, digits and _", "northmoor"),
    Setting("PEP_SUITE_AUTHORITY_NAME", "the local authority's name as people read it", "Northmoor Council"),
    Setting(
        "PEP_SUITE_ORGANIZER_ADDRESS",
        "the mail address that invitations come from and answers go to",
        "meetings@pep.northmoor.example",
    ),
    Setting("PEP_SUITE_ORGANIZER_NAME", "the name beside that address", "Northmoor Virtual School meetings"),
    Setting(
        "PEP_SUITE_AUTHORITIES",
        "several local authorities instead of the one above, a list in JSON: of each its `key`, `name`, "
        "`organizer_address` and `organizer_name`",
    ),
    Setting(
        "PEP_SUITE_SMTP_HOST", "the mail server that takes the suite's mail; `mail` is the catcher of a try-out", "mail"
    ),
    Setting("PEP_SUITE_SMTP_PORT", "its port", "1025"),
    Setting(
        "PEP_SUITE_SMTP_SECURITY",
        "`starttls` (usual on port 587), `tls` from the first byte (465), or `none`; its certificate is checked",
        "none",
    ),
    Setting("PEP_SUITE_SMTP_USER", "whom the suite logs in as at the mail server; empty where it takes mail without"),
    Setting("PEP_SUITE_SMTP_PASSWORD", "the password of that log-in", secret=True),
    Setting(
        "PEP_SUITE_SMTP_TRUST",
        "a file of certificates (PEM) that the mail server's is checked against too, such as the authority's own",
    ),
    Setting(
        "PEP_SUITE_MAIL_PER_MINUTE",
        "how many mails each worker that sends hands to the mail server in a minute at most; 0 is as many as it takes",
        "300",
    ),
    Setting(
        "PEP_SUITE_MAIL_PER_CONNECTION", "how many go over one connection before another is opened; 0 is no end", "100"
    ),
    Setting(
        "PEP_SUITE_MAIL_PROOF",
        "how the sender of an answer is proved: `local` (its From address), or `authserv:ID` (the mail server of that "
        "name must have said that DMARC or DKIM passed)",
        "local",
    ),
    Setting(
        "PEP_SUITE_REPLY_MAILBOX",
        "the mailbox from which answers are fetched, for the container `imap` alone: "
        "`imaps://USER:PASSWORD@HOST/INBOX?taken=FOLDER`, or `imap+starttls://`",
        secret=True,
    ),
    Setting(
        "PEP_SUITE_REPLY_TOKEN_ADDRESS",
        "where a token for that mailbox is asked for instead of a password (OAuth 2), as Microsoft 365 wants it: "
        "`https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`",
    ),
    Setting("PEP_SUITE_REPLY_CLIENT", "as which client the suite asks for that token"),
    Setting("PEP_SUITE_REPLY_CLIENT_SECRET", "the secret of that client", secret=True),
    Setting("PEP_SUITE_REPLY_SCOPE", "for what the token is asked for", "https://outlook.office365.com/.default"),
    Setting("PEP_SUITE_PUBLISH", "where the proxy listens on this machine", "127.0.0.1:8600", compose=True),
    Setting(
        "PEP_SUITE_LMTP_PUBLISH",
        "where the container `lmtp` listens; open to the mail server alone",
        "127.0.0.1:8024",
        compose=True,
    ),
    Setting("PEP_SUITE_POSTGRES_PASSWORD", "PostgreSQL's own superuser", TRY_OUT_PASSWORD, True, compose=True),
    Setting("PEP_SUITE_PEP_PASSWORD", "the login `pep` at PostgreSQL and RabbitMQ", TRY_OUT_PASSWORD, True, True),
    Setting("PEP_SUITE_SCHEDULING_PASSWORD", "the login `scheduling` at both", TRY_OUT_PASSWORD, True, True),
    Setting("PEP_SUITE_VIRTUAL_SCHOOL_PASSWORD", "the login `virtual_school` at both", TRY_OUT_PASSWORD, True, True),
    Setting("PEP_SUITE_BROKER_PASSWORD", "RabbitMQ's administrator, `pep_suite`", TRY_OUT_PASSWORD, True, True),
    Setting("PEP_SUITE_POOL_SIZE", "connections each process keeps to its database; twice as many for a moment", "5"),
    Setting("PEP_SUITE_WEB_PROCESSES", "gunicorn's processes in each web container", "1"),
    Setting("PEP_SUITE_WEB_THREADS", "threads in each of them", "8"),
    Setting("PEP_SUITE_METRICS_PORT", "where a worker tells Prometheus what it counts (`/metrics`); 0 is nowhere", "0"),
    Setting(
        "PEP_SUITE_METRICS_SECRET",
        "the bearer token that lets another machine ask for metrics; without one only this machine may",
        secret=True,
    ),
    Setting("PEP_SUITE_PROXIES", "how many reverse proxies stand in front of the web containers", "1"),
    Setting(
        "PEP_SUITE_PEP_DATABASE",
        "`postgresql+psycopg://LOGIN:PASSWORD@HOST/NAME`; only the service itself is given it",
        secret=True,
        computed=True,
    ),
    Setting("PEP_SUITE_SCHEDULING_DATABASE", "the same for scheduling", secret=True, computed=True),
    Setting("PEP_SUITE_VIRTUAL_SCHOOL_DATABASE", "the same for virtual_school", secret=True, computed=True),
    Setting("PEP_SUITE_BROKER", "`amqp://LOGIN:PASSWORD@HOST:5672//`, or `amqps://`", secret=True, computed=True),
    Setting(
        "PEP_SUITE_BROKER_MANAGEMENT",
        "RabbitMQ's management, by which the services' logins are made; left out, its administrator makes them",
        "http://rabbitmq:15672",
        computed=True,
    ),
    Setting(
        "PEP_SUITE_HOME", "a folder for what a try-out keeps: the caught mail", "/var/lib/pep-suite", computed=True
    ),
    Setting(
        "PEP_SUITE_ANCHORS",
        "a folder where the workers write down daily how far the audit reaches; not on the database's machine",
        "/var/lib/pep-suite-anchors",
        computed=True,
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}

_ENV_HEADING = """\
# Settings of `docker compose up`: copy this file to .env and change what differs.
# Without a .env the suite starts as a try-out with invented people, on this machine only.
# Passwords become part of addresses: use letters, digits, - and _ only.
"""


def env_example(settings: Iterable[Setting] = SETTINGS) -> str:
    """Return the text of `.env.example`: each setting with what it means, commented out at its default."""
    parts = [_ENV_HEADING]
    for setting in settings:
        words = f"# {setting.words[0].upper()}{setting.words[1:]}."
        if setting.computed:
            words += "\n# Set by docker-compose.yml from the settings above; a process run by hand needs it."
        parts.append(f"{words}\n# {setting.name}={setting.default}\n")
    return "\n".join(parts)


def settings_page(settings: Iterable[Setting] = SETTINGS) -> str:
    """Return the settings as a table in Markdown."""
    lines = ["| setting | what it is | default |", "|---|---|---|"]
    for setting in settings:
        default = f"`{setting.default}`" if setting.default else ""
        if setting.default == TRY_OUT_PASSWORD:
            default = "known to everybody"
        elif setting.secret and setting.default:
            default = "a text known to everybody"
        elif setting.computed:
            default = default or "set by `docker-compose.yml`"
        lines.append(f"| `{setting.name}` | {setting.words} | {default} |")
    return "\n".join(lines)
