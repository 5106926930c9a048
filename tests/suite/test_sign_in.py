"""Signing in with an account at an issuer, as a browser goes through it, against a real provider over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from services.pep.adapters import accounts_store
from services.pep.app import SPEC as PEP
from services.pep.application import accounts
from services.pep.domain.accounts import LinkedBy
from shared.contracts.roles import Role
from shared.kernel.clock import SystemClock
from shared.platform import roster
from shared.platform.access import actor_for
from shared.platform.authorities import INVENTED
from shared.platform.issuers import Purpose
from shared.platform.openid import ANSWER_WITHIN
from shared.platform.roster import Person
from shared.platform.work import writing_work
from shared.testing.issuer import Provider, providing
from shared.testing.pages import check_page
from suite.composition import SPECS
from tests.suite.access_world import SOUTHMOOR
from tests.suite.visitors import Browser, Suite, make_home

NOT_KNOWN = "Your account is not known here."


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The provider, which does nothing wrong unless a test says so."""
    running.change_claims, running.change_answer, running.metadata = None, dict, {}
    running.sign_with = running.key
    running.has("sam-7", email="casey@people.example", email_verified=True)
    return running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("made"))


@pytest.fixture
def suite(tmp_path: Path, made: Path, provider: Provider) -> Iterator[Suite]:
    with opened(made, tmp_path, provider) as suite:
        yield suite


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, made: Path, running: Provider) -> Iterator[Suite]:
    """A suite for the tests in which nobody gets in, or only casey, and nothing else changes."""
    with opened(made, tmp_path_factory.mktemp("stage"), running) as suite:
        record(suite, "gone", active=False)
        record(suite, "one", email="shared@people.example")
        record(suite, "two", email="SHARED@people.example")
        yield suite


@contextmanager
def opened(made: Path, home: Path, provider: Provider) -> Iterator[Suite]:
    suite = Suite(made, home, SystemClock().now())
    issuers = (provider.issuer(), provider.issuer("school", Purpose.SCHOOL))
    suite.runtime.settings = replace(suite.runtime.settings, issuers=issuers)
    yield suite
    suite.runtime.close()


def go_to(browser: Browser, key: str = "council", query: str = "") -> str:
    """Start signing in; return where the browser is sent."""
    answer = browser.get(f"/pep/sign-in/with/{key}{query}")
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def sign_in(
    browser: Browser, provider: Provider, subject: str = "sam-7", *, query: str = "", key: str = "council"
) -> TestResponse:
    """Sign in at the issuer and come back."""
    return browser.get(provider.enter(go_to(browser, key, query), subject))


def record(suite: Suite, person_id: str, **more: Any) -> Person:
    """Record somebody in pep alone, with what differs."""
    person = Person(
        person_id, "northmoor", f"Robin {person_id}", f"{person_id}@people.example",
        frozenset({Role.DESIGNATED_TEACHER}), "Northmoor Council",
    )  # fmt: skip
    person = replace(person, **more)
    for spec in SPECS:
        with suite.runtime.database(spec.name).writing() as connection:
            roster.record_person(connection, person)
    return person


def who_is_in(browser: Browser) -> str:
    found = re.search(r"Signed in as </span>([^<]*)", browser.get("/pep/sessions").text)
    return found[1] if found else ""


def assert_refused(answer: TestResponse, browser: Browser, words: str = "You could not be signed in") -> None:
    assert answer.status_code == 403
    assert words in check_page(answer)
    assert who_is_in(browser) == ""


def test_a_first_sign_in_by_a_proved_address_leads_to_ones_work_and_is_kept(suite: Suite, provider: Provider) -> None:
    browser = Browser(suite)
    assert "Sign in with the council account" in check_page(browser.get("/sign-in"))
    assert sign_in(browser, provider).location == "/pep/"
    assert browser.is_in() == [True, True, True]
    assert who_is_in(browser).endswith("casey")
    with suite.runtime.database("pep").reading() as connection:
        (linked,) = accounts_store.of_person(connection, "casey")
    assert (linked.issuer, linked.subject, linked.linked_by) == (provider.address, "sam-7", LinkedBy.EMAIL)


def test_afterwards_the_account_counts_and_not_its_address(suite: Suite, provider: Provider) -> None:
    sign_in(Browser(suite), provider)
    provider.has("sam-7", email="head@people.example", email_verified=True)
    browser = Browser(suite)
    sign_in(browser, provider)
    assert who_is_in(browser).endswith("casey")


def test_the_request_is_for_a_code_with_pkce_state_and_nonce(stage: Suite) -> None:
    asked = [parse_qs(urlsplit(go_to(Browser(stage))).query) for _ in range(2)]
    assert asked[0]["response_type"] == ["code"]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["redirect_uri"] == ["http://127.0.0.1:8600/pep/sign-in/with/council/answer"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name][0]) >= 43
        assert asked[0][name] != asked[1][name]


@pytest.mark.parametrize(
    ("site", "begins"), [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False)]
)
def test_no_other_site_begins_signing_in_for_somebody(suite: Suite, site: str, begins: bool) -> None:
    browser = Browser(suite)
    browser.how["headers"] = {"Sec-Fetch-Site": site}
    location = go_to(browser)
    assert location.startswith("http") is begins
    assert location == "/sign-in" or begins


def test_signing_in_leads_to_the_page_wanted_but_never_elsewhere(stage: Suite, provider: Provider) -> None:
    assert sign_in(Browser(stage), provider, query="?next=/scheduling/").location == "/scheduling/"
    assert sign_in(Browser(stage), provider, query="?next=https://evil.example/").location == "/pep/"


def changed(**claims: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda said: {**said, **claims}


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda said: {key: value for key, value in said.items() if key != name}


WRONG_TOKENS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another nonce": changed(nonce="of another browser"),
    "no nonce": without("nonce"),
    "another issuer": changed(iss="https://evil.example"),
    "for another service": changed(aud="another service"),
    "for several, and ours not the party": changed(aud=["suite-at-council", "another"], azp="another"),
    "expired": lambda said: {**said, "exp": said["iat"] - 120},
    "without an end": without("exp"),
    "from the future": lambda said: {**said, "iat": said["iat"] + 600},
    "of nobody": changed(sub=""),
}


@pytest.mark.parametrize("change", WRONG_TOKENS.values(), ids=WRONG_TOKENS)
def test_a_token_that_is_not_ours_lets_nobody_in(
    stage: Suite, provider: Provider, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    provider.change_claims = change
    browser = Browser(stage)
    assert_refused(sign_in(browser, provider), browser)
    provider.change_claims = dict
    assert sign_in(browser, provider).location == "/pep/"


@pytest.mark.parametrize(
    ("said", "in_"),
    [(["pwd", "mfa"], True), ("mfa", True), (["pwd"], False), ("mfa pwd", False), ([], False), (None, False)],
)
def test_where_an_issuer_must_say_how_somebody_proved_themselves_nothing_weaker_lets_in(
    suite: Suite, provider: Provider, said: object, in_: bool
) -> None:
    strict = replace(provider.issuer(), must_say={"amr": frozenset({"mfa", "hwk"})})
    suite.runtime.settings = replace(suite.runtime.settings, issuers=(strict,))
    provider.change_claims = changed(amr=said)
    browser = Browser(suite)
    answer = sign_in(browser, provider)
    if in_:
        assert answer.location == "/pep/"
    else:
        assert_refused(answer, browser)


def test_clocks_may_differ_by_a_little(stage: Suite, provider: Provider) -> None:
    provider.change_claims = lambda said: {**said, "exp": said["iat"] - 30, "iat": said["iat"] + 30}
    assert sign_in(Browser(stage), provider).location == "/pep/"


def test_a_token_signed_by_another_key_lets_nobody_in(stage: Suite, provider: Provider) -> None:
    provider.change_claims, provider.sign_with = dict, RSAKey.generate_key(2048)
    browser = Browser(stage)
    assert_refused(sign_in(browser, provider), browser)


@pytest.mark.parametrize(
    "change",
    [changed(state="of another browser"), without("state"), without("code"), changed(error="access_denied"),
     changed(iss="https://evil.example")],
    ids=["another state", "no state", "no code", "given up", "another issuer"],
)  # fmt: skip
def test_an_answer_that_was_not_asked_for_lets_nobody_in(
    stage: Suite, provider: Provider, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    provider.change_answer = change
    browser = Browser(stage)
    assert_refused(sign_in(browser, provider), browser)


def test_an_issuer_that_promised_to_name_itself_must(suite: Suite, provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    browser = Browser(suite)
    assert_refused(sign_in(browser, provider), browser)
    provider.change_answer = changed(iss=provider.address)
    assert sign_in(browser, provider).location == "/pep/"


def test_the_answer_of_one_issuer_does_not_count_for_another(stage: Suite, provider: Provider) -> None:
    browser = Browser(stage)
    answer = provider.enter(go_to(browser, "council"), "sam-7")
    assert_refused(browser.get(answer.replace("/with/council/", "/with/school/")), browser)


def test_an_answer_counts_once_in_the_browser_that_asked_and_in_time(suite: Suite, provider: Provider) -> None:
    browser, other = Browser(suite), Browser(suite)
    answer = provider.enter(go_to(browser), "sam-7")
    assert_refused(other.get(answer), other)
    assert browser.get(answer).location == "/pep/"
    assert_refused(other.get(answer), other)
    answer = provider.enter(go_to(other), "sam-7")
    suite.wait(ANSWER_WITHIN + timedelta(seconds=1))
    assert_refused(other.get(answer), other)


def test_a_code_without_the_verifier_of_its_browser_is_worth_nothing(stage: Suite, provider: Provider) -> None:
    mine, theirs = Browser(stage), Browser(stage)
    code = parse_qs(urlsplit(provider.enter(go_to(theirs), "sam-7")).query)["code"][0]
    provider.change_answer = changed(code=code)
    assert_refused(sign_in(mine, provider), mine)


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        ("nobody", {"email": "nobody@people.example", "email_verified": True}),
        ("no-address", {}),
        ("unproved", {"email": "casey@people.example"}),
        ("denied", {"email": "casey@people.example", "email_verified": False}),
        ("in-words", {"email": "casey@people.example", "email_verified": "true"}),
        ("gone", {"email": "gone@people.example", "email_verified": True}),
        ("shared", {"email": "shared@people.example", "email_verified": True}),
        ("namesake", {"name": "Virtual School caseworker casey"}),
    ],
)
def test_whoever_is_not_known_for_sure_is_told_the_same(
    stage: Suite, provider: Provider, subject: str, claims: dict[str, Any]
) -> None:
    provider.has(subject, **claims)
    browser = Browser(stage)
    assert_refused(sign_in(browser, provider, subject), browser, NOT_KNOWN)


def test_a_second_account_with_a_linked_persons_address_needs_an_invitation(suite: Suite, provider: Provider) -> None:
    sign_in(Browser(suite), provider)
    provider.has("successor", email="casey@people.example", email_verified=True)
    browser = Browser(suite)
    assert_refused(sign_in(browser, provider, "successor"), browser, NOT_KNOWN)


def test_an_issuer_may_vouch_for_the_addresses_of_its_own_domains(suite: Suite, provider: Provider) -> None:
    vouching = provider.issuer(vouches_for=frozenset({"people.example"}))
    suite.runtime.settings = replace(suite.runtime.settings, issuers=(vouching,))
    provider.has("entra-1", email="casey@people.example")
    assert sign_in(Browser(suite), provider, "entra-1").location == "/pep/"


def test_somebody_who_is_gone_gets_in_no_more_with_their_account(suite: Suite, provider: Provider) -> None:
    browser = Browser(suite)
    sign_in(browser, provider)
    record(suite, "casey", active=False)
    again = Browser(suite)
    assert_refused(sign_in(again, provider), again, NOT_KNOWN)


def test_a_teacher_of_two_schools_says_for_which_one_they_act(suite: Suite, provider: Provider) -> None:
    record(suite, "fern", organisation="Fernhill Academy", school_urn="900001", email="dt@fernhill.example")
    record(suite, "oak", organisation="Oakfield School", school_urn="900002", email="dt@oakfield.example")
    provider.has("dt", email="dt@fernhill.example", email_verified=True)
    assert sign_in(Browser(suite), provider, "dt").location == "/pep/"
    link = invitation(suite, "oak")
    browser = Browser(suite)
    page = check_page(browser.get(link))
    assert "Robin oak, Oakfield School" in page
    start = re.search(r'href="(/pep/sign-in/with/council\?invitation=[^"]+)"', browser.get(link).text)
    assert start is not None
    answer = browser.get(provider.enter(browser.get(start[1]).location, "dt"))
    assert answer.location == "/pep/sign-in/for"
    assert who_is_in(browser) == ""
    asked = check_page(browser.get(answer.location))
    assert "Which school are you acting for?" in asked
    assert "Fernhill Academy" in asked
    chosen = browser.post("/pep/sign-in/for", "/pep/sign-in/for", person="oak")
    assert chosen.location == "/pep/"
    assert who_is_in(browser) == "Robin oak"
    assert browser.get("/pep/sign-in/for").location == "/sign-in"


def two_authorities(suite: Suite) -> None:
    """Let two authorities have recorded one designated teacher."""
    suite.runtime.settings = replace(suite.runtime.settings, authorities=(INVENTED, SOUTHMOOR))
    for key, authority in (("north", "northmoor"), ("south", "southmoor")):
        record(suite, key, authority=authority, email="quill@school.example", school_urn="900001")


def test_a_teacher_whom_two_authorities_have_recorded_has_one_desk(suite: Suite, provider: Provider) -> None:
    two_authorities(suite)
    provider.has("quill", email="quill@school.example", email_verified=True)
    browser = Browser(suite)
    assert sign_in(browser, provider, "quill").location == "/pep/"
    header = browser.get("/pep/").text
    assert "Northmoor Council and Southmoor Council" in header
    with suite.runtime.database("pep").reading() as connection:
        linked = {one.person_id for key in ("north", "south") for one in accounts_store.of_person(connection, key)}
    assert linked == {"north", "south"}


def test_what_one_authority_takes_away_ends_the_desk_at_once(suite: Suite, provider: Provider) -> None:
    two_authorities(suite)
    provider.has("quill", email="quill@school.example", email_verified=True)
    browser = Browser(suite)
    sign_in(browser, provider, "quill")
    record(suite, "south", authority="southmoor", school_urn="900001", active=False)
    page = browser.get("/pep/").text
    assert "Southmoor" not in page
    assert "Northmoor Council" in page
    record(suite, "south", authority="southmoor", email="quill@school.example", school_urn="900001")
    head = roster.Person("s-head", "southmoor", "Sol", None, frozenset({Role.VIRTUAL_SCHOOL_HEAD}), "Southmoor")
    with writing_work(suite.runtime, PEP, actor_for(head)) as work:
        accounts.unlink(work, "south", provider.address, "quill")
    assert who_is_in(browser) == ""


def test_an_authoritys_own_issuer_proves_nobody_of_another(suite: Suite, provider: Provider) -> None:
    two_authorities(suite)
    theirs = replace(provider.issuer(), authorities=frozenset({"southmoor"}))
    suite.runtime.settings = replace(suite.runtime.settings, issuers=(theirs,))
    assert_refused(sign_in(Browser(suite), provider), Browser(suite), NOT_KNOWN)
    provider.has("quill", email="quill@school.example", email_verified=True)
    browser = Browser(suite)
    sign_in(browser, provider, "quill")
    page = browser.get("/pep/").text
    assert "Southmoor Council" in page
    assert "Northmoor Council" not in page


def test_nobody_chooses_a_person_who_is_not_theirs(suite: Suite, provider: Provider) -> None:
    two_schools(suite, provider)
    browser = Browser(suite)
    assert sign_in(browser, provider, "dt").location == "/pep/sign-in/for"
    assert browser.post("/pep/sign-in/for", "/pep/sign-in/for", person="head").location == "/pep/sign-in/for"
    assert who_is_in(browser) == ""


@pytest.mark.parametrize(("urn", "name"), [("900001", "Robin fern"), ("900002", "Robin oak"), ("900009", "")])
def test_the_school_signed_in_for_decides_where_the_issuer_says_one(
    suite: Suite, provider: Provider, urn: str, name: str
) -> None:
    two_schools(suite, provider)
    provider.has("dt", organisation={"id": "x", "name": "A school", "urn": urn})
    browser = Browser(suite)
    answer = sign_in(browser, provider, "dt", key="school")
    assert answer.status_code == (303 if name else 403)
    assert who_is_in(browser) == name


def test_an_invitation_works_once_and_in_time_and_looking_uses_nothing(suite: Suite, provider: Provider) -> None:
    link = invitation(suite, "casey")
    provider.has("private", email="somebody@elsewhere.example")
    key = f"?invitation={link.rpartition('/')[2]}"
    for _ in range(2):
        assert Browser(suite).get(link).status_code == 200
    assert sign_in(Browser(suite), provider, "private", query=key).location == "/pep/"
    late = Browser(suite)
    assert "has been used or has expired" in check_page(late.get(link))
    assert late.get(f"/pep/sign-in/with/council{key}").status_code == 404
    link = invitation(suite, "casey")
    suite.wait(timedelta(days=7))
    assert Browser(suite).get(link).status_code == 404


def test_a_newer_invitation_replaces_the_one_before(suite: Suite) -> None:
    before, after = invitation(suite, "casey"), invitation(suite, "casey")
    assert [Browser(suite).get(link).status_code for link in (before, after)] == [404, 200]


def test_an_account_that_is_taken_away_gets_nobody_in_and_ends_their_sessions(suite: Suite, provider: Provider) -> None:
    suite.runtime.settings = replace(suite.runtime.settings, issuers=(provider.issuer(),))
    browser, head = Browser(suite), Browser(suite).sign_in("head")
    provider.has("private")
    sign_in(browser, provider, "private", query=f"?invitation={invitation(suite, 'casey').rpartition('/')[2]}")
    assert "Signs in with the council account" in check_page(head.get("/pep/people/casey"))
    data = {"issuer": provider.address, "subject": "private"}
    assert head.post("/pep/people/casey/unlink", "/pep/people/casey", **data).status_code == 303
    assert who_is_in(browser) == ""
    assert_refused(sign_in(browser, provider, "private"), browser, NOT_KNOWN)


def test_signing_out_here_offers_to_sign_out_there_too(suite: Suite, provider: Provider) -> None:
    browser = Browser(suite)
    sign_in(browser, provider)
    answer = browser.post("/sign-out", "/scheduling/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Sign out of the council account as well" in check_page(browser.get(answer.location))
    there = browser.get("/pep/signed-out/there").location
    asked = parse_qs(urlsplit(there).query)
    assert there.startswith(f"{provider.address}/oauth2/end_session?")
    assert asked["post_logout_redirect_uri"] == ["http://127.0.0.1:8600/"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert requests.get(there, timeout=10).status_code == 200
    assert browser.get("/pep/signed-out/there").location == "/"


def test_an_issuer_that_is_away_is_said_to_be(suite: Suite, provider: Provider) -> None:
    away = replace(provider.issuer(), url="http://localhost:9")
    suite.runtime.settings = replace(suite.runtime.settings, issuers=(away,))
    answer = Browser(suite).get("/pep/sign-in/with/council")
    assert answer.status_code == 503
    assert "the council account does not answer just now" in check_page(answer)


def test_what_an_issuer_says_of_itself_is_asked_once_an_hour_and_must_be_of_itself(
    suite: Suite, provider: Provider
) -> None:
    provider.asked.clear()
    for _ in range(3):
        sign_in(Browser(suite), provider)
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    assert provider.asked.count("/jwks") == 1
    for wrong in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}):
        provider.metadata = wrong
        assert Browser(suite.again()).get("/pep/sign-in/with/council").status_code == 503


def invitation(suite: Suite, person_id: str) -> str:
    """Let the head make a link for somebody; return its path."""
    head = Browser(suite).sign_in("head")
    answer = head.post(f"/pep/people/{person_id}/invitation", f"/pep/people/{person_id}")
    found = re.search(r"http://127\.0\.0\.1:8600(/pep/sign-in/invited/[\w-]+)", check_page(answer))
    assert found is not None
    return found[1]


def two_schools(suite: Suite, provider: Provider) -> None:
    """Let the account `dt` belong to a designated teacher of two schools."""
    for person_id, urn, name in (("fern", "900001", "Fernhill Academy"), ("oak", "900002", "Oakfield School")):
        record(suite, person_id, organisation=name, school_urn=urn)
        provider.has("dt")
        sign_in(Browser(suite), provider, "dt", query=f"?invitation={invitation(suite, person_id).rpartition('/')[2]}")
