"""Settings from the environment: what is read, from where, and on what production refuses to start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.platform.issuers import Purpose
from shared.platform.production import UnusableSettings, from_environment
from shared.platform.setting_table import SETTINGS, TRY_OUT_PASSWORD, TRY_OUT_SECRET, env_example, settings_page
from shared.platform.settings import SERVICES, MailSecurity, Mode

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "PEP_SUITE_MODE": "production",
    "PEP_SUITE_SECRET": "3mV8-kQ1zX_7pLw0RtYb5NcGh2Js9DfA",
    "PEP_SUITE_BROKER": "amqps://pep:9fK2mQ7x@rabbit.internal:5671//",
    "PEP_SUITE_PEP_DATABASE": "postgresql+psycopg://pep:9fK2mQ7x@db.internal/pep?sslmode=verify-full",
    "PEP_SUITE_SCHEDULING_DATABASE": "postgresql+psycopg://scheduling:7hT4bW1z@db.internal/scheduling?sslmode=verify-full",
    "PEP_SUITE_VIRTUAL_SCHOOL_DATABASE": "postgresql+psycopg://virtual_school:5cR8nY3v@db.internal/virtual_school?sslmode=verify-full",
    "PEP_SUITE_ORIGIN": "https://pep.northmoor.gov.example",
    "PEP_SUITE_ORGANIZER_ADDRESS": "meetings@pep.northmoor.example.org",
    "PEP_SUITE_SMTP_HOST": "smtp.internal",
    "PEP_SUITE_SMTP_PORT": "25",
    "PEP_SUITE_SMTP_SECURITY": "starttls",
    "PEP_SUITE_MAIL_PROOF": "authserv:mx.northmoor.example",
}


def issuers(**more: object) -> str:
    """The setting of one issuer, with what differs."""
    usual = {
        "key": "council",
        "name": "Northmoor account",
        "for": "council",
        "issuer": "https://login.example/northmoor/v2.0",
        "client_id": "suite",
        "client_secret": "3mV8-kQ1zX_7pLw0",
    }
    return json.dumps([{**usual, **more}])


FAULTS = {
    "a missing secret": ({"PEP_SUITE_SECRET": ""}, "PEP_SUITE_SECRET is missing"),
    "a short secret": ({"PEP_SUITE_SECRET": "Zq8-kQ1zX_7pLw0RtYb5NcGh2Js9DfA"}, "shorter than 32"),
    "the published secret": ({"PEP_SUITE_SECRET": TRY_OUT_SECRET}, "PEP_SUITE_SECRET is the published one"),
    "a secret of few letters": ({"PEP_SUITE_SECRET": "ab" * 20}, "PEP_SUITE_SECRET can be guessed"),
    "a published former secret": (
        {"PEP_SUITE_FORMER_SECRETS": "3mV8-kQ1zX_7pLw0RtYb5NcGh2Js9DfB short"},
        "PEP_SUITE_FORMER_SECRETS is missing or shorter",
    ),
    "a short secret for metrics": (
        {"PEP_SUITE_METRICS_SECRET": "prometheus"},
        "PEP_SUITE_METRICS_SECRET is missing or shorter than 32",
    ),
    "a database in the clear": (
        {"PEP_SUITE_PEP_DATABASE": "postgresql+psycopg://pep:9fK2mQ7x@db.internal/pep?sslmode=require"},
        "PEP_SUITE_PEP_DATABASE would go in the clear",
    ),
    "a broker in the clear": ({"PEP_SUITE_BROKER": "amqp://pep:9fK2mQ7x@rabbit.internal//"}, "use amqps://"),
    "mail in the clear": ({"PEP_SUITE_SMTP_SECURITY": "none"}, "mails about children would travel in the clear"),
    "debugging": ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG is on"),
    "SQLite": ({"PEP_SUITE_PEP_DATABASE": "sqlite:////var/pep.sqlite"}, "PEP_SUITE_PEP_DATABASE is SQLite"),
    "a published password": (
        {"PEP_SUITE_SCHEDULING_DATABASE": f"postgresql+psycopg://scheduling:{TRY_OUT_PASSWORD}@db/scheduling"},
        "PEP_SUITE_SCHEDULING_DATABASE has no password, or a published one",
    ),
    "no password": (
        {"PEP_SUITE_VIRTUAL_SCHOOL_DATABASE": "postgresql+psycopg://virtual_school@db/virtual_school"},
        "PEP_SUITE_VIRTUAL_SCHOOL_DATABASE has no password",
    ),
    "one database for two": (
        {"PEP_SUITE_SCHEDULING_DATABASE": GOOD["PEP_SUITE_PEP_DATABASE"]},
        "Two services are given the same database",
    ),
    "the embedded queue": ({"PEP_SUITE_BROKER": "embedded:////var/queue.sqlite"}, "is the embedded queue"),
    "the broker's guest": ({"PEP_SUITE_BROKER": "amqp://guest:guest@rabbit//"}, "PEP_SUITE_BROKER has no password"),
    "an HTTP origin": ({"PEP_SUITE_ORIGIN": "http://pep.northmoor.gov.example"}, "PEP_SUITE_ORIGIN is not https"),
    "a loopback origin": ({"PEP_SUITE_ORIGIN": "https://localhost"}, "names this machine itself"),
    "an origin with a path": ({"PEP_SUITE_ORIGIN": "https://northmoor.gov.example/pep"}, "without a path"),
    "picking names": ({"PEP_SUITE_NAME_SIGN_IN": "yes"}, "PEP_SUITE_NAME_SIGN_IN is on"),
    "invented children": ({"PEP_SUITE_FILL_DEMO": "yes"}, "PEP_SUITE_FILL_DEMO is on"),
    "unproved mail": ({"PEP_SUITE_MAIL_PROOF": "local"}, "PEP_SUITE_MAIL_PROOF is local"),
    "a nameless mail server": ({"PEP_SUITE_MAIL_PROOF": "authserv:"}, "names no mail server"),
    "another proof": ({"PEP_SUITE_MAIL_PROOF": "none"}, "must be local or authserv:ID"),
    "no mail server": ({"PEP_SUITE_SMTP_HOST": ""}, "no invitation would go out"),
    "the mail catcher": ({"PEP_SUITE_SMTP_HOST": "mail"}, "is the mail catcher"),
    "a log-in in the clear": (
        {"PEP_SUITE_SMTP_USER": "pep", "PEP_SUITE_SMTP_PASSWORD": "6dJ3kS9w", "PEP_SUITE_SMTP_SECURITY": "none"},
        "PEP_SUITE_SMTP_SECURITY is none: the password of PEP_SUITE_SMTP_USER would travel in the clear",
    ),
    "a user without a password": (
        {"PEP_SUITE_SMTP_USER": "pep", "PEP_SUITE_SMTP_SECURITY": "tls"},
        "PEP_SUITE_SMTP_USER and PEP_SUITE_SMTP_PASSWORD belong together",
    ),
    "another way to be safe": ({"PEP_SUITE_SMTP_SECURITY": "ssl"}, "must be none or starttls or tls"),
    "nothing to trust": ({"PEP_SUITE_SMTP_TRUST": "/nowhere/ca.pem"}, "PEP_SUITE_SMTP_TRUST names no file"),
    "an authority in words": ({"PEP_SUITE_AUTHORITY": "South Bay"}, "PEP_SUITE_AUTHORITY must be"),
    "an invented organizer": ({"PEP_SUITE_ORGANIZER_ADDRESS": "meetings@pep.example"}, "is an invented one"),
    "a missing database": ({"PEP_SUITE_PEP_DATABASE": ""}, "PEP_SUITE_PEP_DATABASE is missing"),
    "another kind of database": ({"PEP_SUITE_PEP_DATABASE": "mysql://x:y@db/pep"}, "must start with postgresql"),
    "a missing broker": ({"PEP_SUITE_BROKER": ""}, "PEP_SUITE_BROKER is missing"),
    "another kind of broker": ({"PEP_SUITE_BROKER": "redis://cache"}, "PEP_SUITE_BROKER must start with amqp"),
    "a number that is none": ({"PEP_SUITE_WEB_THREADS": "many"}, "PEP_SUITE_WEB_THREADS must be a whole number"),
    "a number too large": ({"PEP_SUITE_SMTP_PORT": "70000"}, "PEP_SUITE_SMTP_PORT must be a whole number"),
    "issuers that are no JSON": ({"PEP_SUITE_ISSUERS": "entra"}, "PEP_SUITE_ISSUERS is not JSON"),
    "issuers without braces": ({"PEP_SUITE_ISSUERS": '["entra"]'}, "must be a list of issuers"),
    "an issuer without a name": ({"PEP_SUITE_ISSUERS": issuers(name="")}, "issuer 1: name is missing"),
    "an issuer over HTTP": ({"PEP_SUITE_ISSUERS": issuers(issuer="http://localhost")}, "must be an https address"),
    "an issuer for nobody": ({"PEP_SUITE_ISSUERS": issuers(**{"for": "pupils"})}, "for must be council, school, other"),
    "an issuer's odd key": ({"PEP_SUITE_ISSUERS": issuers(key="a/b")}, "key must be lower-case letters"),
    "an unknown setting of an issuer": ({"PEP_SUITE_ISSUERS": issuers(colour="red")}, "colour is not a setting"),
    "an issuer without a secret": ({"PEP_SUITE_ISSUERS": issuers(client_secret="")}, "either client_secret or"),
    "an issuer's missing file": (
        {"PEP_SUITE_ISSUERS": issuers(client_secret="", client_secret_file="/nowhere")},
        "client_secret_file cannot be read",
    ),
    "an issuer that asks for no ID token": ({"PEP_SUITE_ISSUERS": issuers(scope="email")}, "openid in it"),
    "an issuer that vouches for one address": ({"PEP_SUITE_ISSUERS": issuers(vouches_for=["a@b.example"])}, "domains"),
    "an issuer's odd authentication": ({"PEP_SUITE_ISSUERS": issuers(authentication="none")}, "client_secret_basic or"),
    "an issuer twice": (
        {"PEP_SUITE_ISSUERS": f"[{issuers()[1:-1]}, {issuers(issuer='https://other.example')[1:-1]}]"},
        "names the key council twice",
    ),
    "an issuer that must say nothing": ({"PEP_SUITE_ISSUERS": issuers(must_say={"amr": []})}, "must_say must name"),
    "neither yes nor no": ({"PEP_SUITE_NAME_SIGN_IN": "perhaps"}, "PEP_SUITE_NAME_SIGN_IN must be yes or no"),
}


def test_good_settings_are_taken_as_they_are() -> None:
    settings = from_environment(GOOD)
    assert settings.is_production
    assert settings.databases["pep"] == GOOD["PEP_SUITE_PEP_DATABASE"]
    assert (settings.smtp_host, settings.smtp_port) == ("smtp.internal", 25)
    assert settings.mail_proof == "authserv:mx.northmoor.example"
    assert not settings.name_sign_in
    assert (settings.proxies, settings.pool_size) == (1, 5)


def test_issuers_are_read_with_their_secrets_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    text = issuers(**{"for": "school", "client_secret": "", "client_secret_file": str(tmp_path / "secret")})
    (tmp_path / "issuers.json").write_text(text)
    (one,) = from_environment(GOOD | {"PEP_SUITE_ISSUERS_FILE": str(tmp_path / "issuers.json")}).issuers
    assert (one.client_secret, one.purpose) == ("from a file", Purpose.SCHOOL)
    assert one.scope == "openid email profile organisation"


AUTHORITIES = (
    {"key": "northmoor", "name": "Northmoor Council", "organizer_address": "meetings@north.example.org",
     "organizer_name": "Northmoor meetings"},
    {"key": "southmoor", "name": "Southmoor Council", "organizer_address": "meetings@south.example.org",
     "organizer_name": "Southmoor meetings"},
)  # fmt: skip


def test_several_authorities_take_the_place_of_the_one() -> None:
    settings = from_environment({**GOOD, "PEP_SUITE_AUTHORITIES": json.dumps(AUTHORITIES)})
    assert [one.key for one in settings.authorities] == ["northmoor", "southmoor"]
    assert settings.authority("southmoor").organizer_address == "meetings@south.example.org"
    assert [settings.serves(key) for key in ("southmoor", "eastmoor", "")] == [True, False, False]
    for key, words in (("", "Name one of: northmoor, southmoor"), ("eastmoor", "does not serve eastmoor")):
        with pytest.raises(LookupError, match=words):
            settings.authority(key)
    assert from_environment(GOOD).authority().organizer_address == GOOD["PEP_SUITE_ORGANIZER_ADDRESS"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"PEP_SUITE_AUTHORITIES": "northmoor"}, "PEP_SUITE_AUTHORITIES is not JSON"),
        ({"PEP_SUITE_AUTHORITIES": "[]"}, "must be a list of authorities"),
        ({"PEP_SUITE_AUTHORITIES": json.dumps([AUTHORITIES[0]] * 2)}, "names the key northmoor twice"),
        ({"PEP_SUITE_AUTHORITIES": json.dumps([{**AUTHORITIES[0], "key": "North Moor"}])}, "key must be"),
        ({"PEP_SUITE_AUTHORITIES": json.dumps([{"key": "northmoor"}])}, "organizer_name is missing"),
        ({"PEP_SUITE_AUTHORITIES": json.dumps([{**AUTHORITIES[0], "town": "x"}])}, "town is not a setting"),
        (
            {"PEP_SUITE_AUTHORITIES": json.dumps([{**AUTHORITIES[0], "organizer_address": "a@b.example"}])},
            "PEP_SUITE_ORGANIZER_ADDRESS is an invented one",
        ),
        (
            {"PEP_SUITE_AUTHORITIES": json.dumps(AUTHORITIES), "PEP_SUITE_ISSUERS": issuers()},
            "authorities must say whose it is",
        ),
        ({"PEP_SUITE_ISSUERS": issuers(authorities=["eastmoor"])}, "eastmoor is no authority that is served here"),
    ],
)
def test_a_fault_in_whose_the_installation_is_keeps_it_from_starting(change: dict[str, str], words: str) -> None:
    with pytest.raises(UnusableSettings, match=words):
        from_environment({**GOOD, **change})


def test_no_fault_of_an_issuer_tells_its_secret() -> None:
    with pytest.raises(UnusableSettings) as refused:
        from_environment(GOOD | {"PEP_SUITE_ISSUERS": issuers(key="A", colour="red", client_secret_file="/nowhere")})
    assert "3mV8" not in str(refused.value)


@pytest.mark.parametrize(("change", "words"), FAULTS.values(), ids=FAULTS)
def test_production_refuses_to_start_with(change: dict[str, str], words: str) -> None:
    with pytest.raises(UnusableSettings, match=words) as refused:
        from_environment(GOOD | change)
    assert len(refused.value.faults) == 1


def test_every_fault_is_named_at_once() -> None:
    together = ["the published secret", "debugging", "SQLite", "the embedded queue", "an HTTP origin", "picking names"]
    together += ["invented children", "unproved mail", "no mail server", "an invented organizer"]
    bad = dict(GOOD)
    for name in together:
        bad |= FAULTS[name][0]
    with pytest.raises(UnusableSettings) as refused:
        from_environment(bad)
    assert len(refused.value.faults) == len(together)
    for name in together:
        assert FAULTS[name][1] in str(refused.value)


def test_what_is_refused_never_shows_a_password() -> None:
    with pytest.raises(UnusableSettings) as refused:
        from_environment(GOOD | {"PEP_SUITE_ORIGIN": "http://x", "PEP_SUITE_BROKER": "redis://a:9fK2mQ7x@b"})
    assert "9fK2mQ7x" not in str(refused.value)
    assert GOOD["PEP_SUITE_SECRET"] not in str(refused.value)


def test_a_try_out_may_do_what_production_may_not() -> None:
    lax = {
        "PEP_SUITE_BROKER": "embedded:////tmp/queue.sqlite",
        "PEP_SUITE_PEP_DATABASE": "sqlite:////tmp/pep.sqlite",
        "PEP_SUITE_NAME_SIGN_IN": "yes",
    }
    settings = from_environment(lax, ["pep"])
    assert settings.mode is Mode.LOCAL
    assert settings.name_sign_in
    assert settings.secret == TRY_OUT_SECRET


def test_a_service_asks_for_its_own_database_only() -> None:
    alone = {name: value for name, value in GOOD.items() if name != "PEP_SUITE_SCHEDULING_DATABASE"}
    assert set(from_environment(alone, ["pep"]).databases) == {"pep"}
    with pytest.raises(UnusableSettings, match="PEP_SUITE_SCHEDULING_DATABASE is missing"):
        from_environment(alone, ["scheduling"])


def test_the_log_in_at_the_mail_server_is_taken_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("6dJ3kS9w\n")
    login = {"PEP_SUITE_SMTP_USER": "pep", "PEP_SUITE_SMTP_PASSWORD_FILE": str(tmp_path / "smtp")}
    settings = from_environment(GOOD | login | {"PEP_SUITE_SMTP_SECURITY": "starttls"})
    assert settings.smtp_security is MailSecurity.STARTTLS
    assert (settings.smtp_user, settings.smtp_password) == ("pep", "6dJ3kS9w")


def test_a_mailbox_is_asked_for_only_where_one_is_read_and_says_who_reads_it() -> None:
    def read(address: str) -> str:
        return from_environment(GOOD | {"PEP_SUITE_REPLY_MAILBOX": address}, mailbox=True).reply_mailbox

    assert from_environment(GOOD).reply_mailbox == ""
    assert read("imaps://pep:6dJ3kS9w@mail.example/INBOX") == "imaps://pep:6dJ3kS9w@mail.example/INBOX"
    for wrong, why in (
        ("", "is missing"),
        ("pop://a:b@mail.example", "must start with imaps:// or imap"),
        ("imaps://mail.example", "must say who reads it, and where"),
        ("imap://pep:6dJ3kS9w@mail.example", "would travel in the clear"),
    ):
        with pytest.raises(UnusableSettings, match=why):
            read(wrong)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD["PEP_SUITE_SECRET"] + "\n")
    from_file = {"PEP_SUITE_SECRET": "", "PEP_SUITE_SECRET_FILE": str(tmp_path / "secret")}
    assert from_environment(GOOD | from_file).secret == GOOD["PEP_SUITE_SECRET"]


def test_a_secret_given_twice_or_in_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    path = str(tmp_path / "nothing")
    with pytest.raises(UnusableSettings, match="PEP_SUITE_SECRET and PEP_SUITE_SECRET_FILE are both set"):
        from_environment(GOOD | {"PEP_SUITE_SECRET_FILE": path})
    with pytest.raises(UnusableSettings, match="PEP_SUITE_SECRET_FILE cannot be read"):
        from_environment(GOOD | {"PEP_SUITE_SECRET": "", "PEP_SUITE_SECRET_FILE": path})


def test_what_is_no_secret_is_not_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "origin").write_text("https://elsewhere.example")
    settings = from_environment(GOOD | {"PEP_SUITE_ORIGIN_FILE": str(tmp_path / "origin")})
    assert settings.origin == GOOD["PEP_SUITE_ORIGIN"]


def test_the_example_of_the_settings_and_the_page_are_those_of_the_table() -> None:
    again = "Write it anew with: .venv/bin/python -m suite apart settings"
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example(), f"{again} --env > .env.example"
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert settings_page() in page, again
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    assert all(f"PEP_SUITE_{name.upper()}_DATABASE" in page for name in SERVICES)
