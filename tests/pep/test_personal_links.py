"""Taking part without an account: a link, a code to the same address, and then one thing of one plan."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from services.pep.adapters import plans_store
from services.pep.adapters.tables_links import link as link_table
from services.pep.adapters.tables_links import visit
from services.pep.adapters.tables_plan import plan as plan_table
from services.pep.app import SPEC
from services.pep.application import children, link_visits, links, plan_page, plans, sections, team, views
from services.pep.domain.links import CODES_A_DAY, Over, Purpose
from services.pep.domain.plan import Plan
from services.pep.entrypoints.jobs import forget_link_visits
from shared.contracts.permissions import PERMISSIONS
from shared.kernel.errors import Conflict, Denied, InvalidInput, NoSuchRecord
from shared.platform import roster
from shared.platform.access import may
from shared.platform.roster import Person
from shared.platform.web.limits import LIMITS, Limit, Use
from shared.platform.work import writing_work
from shared.testing.pages import check_page
from tests.pep.link_world import LinkBrowser, Mailbox, at_new_link, audit, pass_time, sent_to
from tests.pep.plan_world import TODAY, World

UNKNOWN = "/link/" + "A" * 43
WRONG = "This is not the code"


@pytest.fixture
def plan(world: World) -> Plan:
    world.app.extensions.pop("suite_limits", None)
    return world.open()


@pytest.fixture
def carer(world: World, plan: Plan) -> LinkBrowser:
    return sent_to(world, plan, Purpose.CARER_PART, "cal")


def add_advocate(world: World) -> None:
    with writing_work(world.runtime, SPEC, world.people["sam"]) as work:
        team.add_new_person(work, world.child.id, "Adi Vance", "adi@people.example", roster.Role.ADVOCATE, TODAY)


def guest(world: World, plan: Plan) -> LinkBrowser:
    known = Mailbox(world).links()
    with world.acting("sam") as work:
        links.send_to_guest(work, plan.id, "Dr Ada Moss", "Educational psychologist", "ada@clinic.example")
    return at_new_link(world, known)


def state_of(world: World, plan: Plan) -> list[Over | None]:
    with world.looking("sam") as work:
        return [one.over for one in links.links_of(work, plan.id).links]


def stored(world: World) -> str:
    """Return a fingerprint of everything that pep has stored, but for who looked."""
    digest = hashlib.sha256()
    with world.runtime.database("pep").reading() as connection:
        for table in SPEC.metadata.sorted_tables:
            if table.name != "audit_entry":
                rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
                digest.update(f"{table.name}{rows}".encode())
    return digest.hexdigest()


def test_a_carer_writes_their_part_by_a_link_and_a_code(world: World, plan: Plan, carer: LinkBrowser) -> None:
    door = check_page(carer.get())
    assert "Send me a code" in door
    code = carer.ask_code()
    assert "Enter your code" in check_page(carer.get("/code"))
    assert carer.enter(code).location == f"{carer.path}/page"
    assert "You know Amara best at home" in check_page(carer.get("/page"))
    saved = carer.post("/page", "/page", part="carer_contribution", going_well="She reads every night")
    assert (saved.status_code, saved.location) == (303, f"{carer.path}/page")
    shown = check_page(carer.get("/page"))
    assert "Thank you. What you wrote is saved." in shown
    assert "She reads every night" in shown
    with world.looking("sam") as work:
        section = sections.read_section(work, plan.id, "carer_contribution")
    assert (section.answers["going_well"], section.saved_by_name) == ("She reads every night", "Cal Winter")
    assert "Saved “What the carer says” by Cal Winter, Carer" in check_page(
        world.client("sam").get(f"/plans/{plan.id}")
    )


def test_a_child_says_what_they_think_and_sees_their_targets(world: World, plan: Plan) -> None:
    world.fill_in(plan)
    kid = sent_to(world, plan, Purpose.CHILD_VIEWS, "kid").go_in()
    page = check_page(kid.get("/page"))
    assert "This is your page, Amara" in page
    assert "Read a chapter book alone" in page
    assert kid.post("/page", "/page", hopes="To be a vet").status_code == 303
    assert "To be a vet" in check_page(kid.get("/page"))
    with world.looking("sam") as work:
        said = views.read_views(work, plan.id).views
    assert (said.answers["hopes"], said.in_own_words) == ("To be a vet", True)
    assert "Read a chapter book alone" in check_page(world.client("kid").get(f"/plans/{plan.id}/views"))


def test_an_advocate_writes_down_what_the_child_thinks(world: World, plan: Plan) -> None:
    add_advocate(world)
    with world.looking("sam") as work:
        person = next(one for one in links.links_of(work, plan.id).candidates if one.purpose is Purpose.ADVOCATE_VIEWS)
    adi = sent_to(world, plan, Purpose.ADVOCATE_VIEWS, person.member.person_id).go_in()
    page = check_page(adi.get("/page"))
    assert "What Amara thinks" in page
    assert "What we are working on" not in page
    assert "Choose how you found out" in check_page(adi.post("/page", "/page", hopes="To be a vet"))
    assert adi.post("/page", "/page", hopes="To be a vet", how="advocate").status_code == 303
    with world.looking("sam") as work:
        assert views.read_views(work, plan.id).views.gathered_by_name == "Adi Vance"


def test_somebody_from_outside_contributes_one_text_with_their_name(world: World, plan: Plan) -> None:
    ada = guest(world, plan).go_in()
    assert "Your contribution to Amara’s education plan" in check_page(ada.get("/page"))
    assert "Write your contribution" in check_page(ada.post("/page", "/page", text=" "))
    assert ada.post("/page", "/page", text="She works best in small groups.").status_code == 303
    assert ada.post("/page", "/page?edit=yes", text="She works best in pairs.").status_code == 303
    for who, reads in (("sam", True), ("cal", True), ("kid", False)):
        page = world.client(who).get(f"/plans/{plan.id}")
        assert ("She works best in pairs." in page.text) is reads
    assert "Dr Ada Moss, Educational psychologist" in check_page(world.client("dee").get(f"/plans/{plan.id}"))
    with world.looking("sam") as work:
        (link,) = links.links_of(work, plan.id).links
        kept = plans_store.kept_versions(work.connection, plan.id, f"contribution/{link.link.id}")
    assert [one.body["text"] for one in kept] == ["She works best in pairs.", "She works best in small groups."]


def test_looking_as_often_as_one_likes_changes_nothing_and_a_code_works_once(world: World, carer: LinkBrowser) -> None:
    before = stored(world)
    answers = [carer.client.head(carer.path).status_code, carer.get().status_code, carer.get().status_code]
    assert stored(world) == before
    code = carer.ask_code()
    answers += [carer.enter(code).status_code]
    page = carer.post("/enter", "/page", code=code)
    assert [*answers, page.status_code] == [200, 200, 200, 303, 410]
    check_page(page)
    assert carer.get("/page").status_code == 200, "who is inside stays inside"


def test_a_scanner_that_opens_every_page_of_every_link_changes_nothing(world: World, plan: Plan) -> None:
    sent = ((Purpose.CARER_PART, "cal"), (Purpose.CHILD_VIEWS, "kid"))
    paths = [*(sent_to(world, plan, purpose, who).path for purpose, who in sent), guest(world, plan).path]
    before = stored(world)
    rules = [rule for rule in world.app.url_map.iter_rules() if rule.endpoint.startswith("personal_link.")]
    own = [rule.rule for rule in rules if "GET" in (rule.methods or ())]
    assert len(own) >= 3
    scanner = world.app.test_client()
    for path in paths:
        for rule in own:
            for method in ("HEAD", "GET", "GET", "OPTIONS"):
                answer = scanner.open(rule.replace("/link/<secret>", path), method=method, follow_redirects=True)
                assert answer.status_code == 200
                assert "Amara" not in answer.text
                assert "Bright" not in answer.text
    assert stored(world) == before


def test_each_use_is_on_record_as_its_holders(world: World, carer: LinkBrowser) -> None:
    carer.client.head(carer.path)
    assert audit(world)[-1] == ("link", "pep.personal_link.read", "cal", "carer")
    code = carer.ask_code()
    assert ("link", "pep.personal_link.send_code", "cal", "carer") in audit(world)
    carer.enter("000000" if code != "000000" else "000001")
    assert audit(world)[-1] == ("link", "pep.personal_link.enter_code", "cal", "carer")
    carer.enter(code)
    carer.post("/page", "/page", part="carer_contribution", worries="None")
    assert ("link", "pep.plan.edit_carer_sections", "cal", "carer") in audit(world)
    assert {kind for kind, _, person, _ in audit(world) if person == "cal"} == {"link"}
    page = check_page(world.client("sam").get(f"/children/{world.child.id}/who-looked"))
    assert "Used a personal link" in page
    assert "Enter a code for a personal link" in page


def test_a_code_is_of_no_use_after_five_wrong_ones(carer: LinkBrowser) -> None:
    code = carer.ask_code()
    wrong = [f"{(int(code) + number) % 1_000_000:06}" for number in range(1, 6)]
    answers = [carer.enter(one) for one in wrong]
    assert [one.status_code for one in answers] == [422, 422, 422, 422, 410]
    assert WRONG in check_page(answers[0])
    assert carer.post("/enter", "", code=code).status_code == 410
    assert carer.enter().status_code == 303, "a new code works"


def test_a_code_is_of_no_use_after_ten_minutes(world: World, carer: LinkBrowser) -> None:
    code = carer.ask_code()
    pass_time(world, minutes=10, seconds=1)
    assert carer.post("/enter", "", code=code).status_code == 410
    assert carer.get("/page").location == carer.path


def test_a_code_works_in_the_browser_that_asked_for_it_and_for_its_own_link(
    world: World, plan: Plan, carer: LinkBrowser
) -> None:
    code = carer.ask_code()
    other = LinkBrowser(world, carer.path)
    assert other.post("/enter", "", code=code).status_code == 410
    kid = sent_to(world, plan, Purpose.CHILD_VIEWS, "kid")
    kid.client = carer.client
    assert kid.post("/enter", "", code=code).status_code == 410
    assert carer.enter(code).status_code == 303
    assert kid.get("/page").location == kid.path
    assert LinkBrowser(world, carer.path).get("/page").location == carer.path


def test_a_code_is_read_with_a_blank_or_a_hyphen_in_it(carer: LinkBrowser) -> None:
    code = carer.ask_code()
    assert carer.enter(f" {code[:3]}-{code[3:]} ").status_code == 303


def test_what_no_longer_opens_anything_is_answered_as_what_never_did(
    world: World, plan: Plan, carer: LinkBrowser
) -> None:
    nothing = LinkBrowser(world, UNKNOWN)
    told = nothing.get().text
    assert "ask the social worker" in check_page(nothing.get())
    pages = {}
    for way in (expired, taken_back):
        way(world, plan)
        pages[way.__name__] = carer.get()
    nonce = re.compile(r'nonce="[^"]*"')
    for why, page in pages.items():
        assert page.status_code == 404, why
        assert nonce.sub("", page.text) == nonce.sub("", told), why
    assert audit(world)[-1] == ("denial", "pep.personal_link.read", "cal", "carer")
    for post in ("/code", "/enter", "/page", "/leave"):
        assert carer.post(post, code="123456").status_code in (400, 404)


LOSING: dict[str, tuple[Callable[[World, Plan], object], Over]] = {}


def losing(over: Over) -> Callable[[Callable[[World, Plan], object]], Callable[[World, Plan], object]]:
    def keep(way: Callable[[World, Plan], object]) -> Callable[[World, Plan], object]:
        LOSING[way.__name__] = (way, over)
        return way

    return keep


@losing(Over.TAKEN_BACK)
def taken_back(world: World, plan: Plan) -> None:
    with world.acting("sam") as work:
        links.take_back(work, links.links_of(work, plan.id).links[0].link.id)


@losing(Over.LEFT_TEAM)
def left_the_team(world: World, plan: Plan) -> None:
    with world.runtime.database("pep").writing() as connection:
        roster.leave(connection, "m-cal", TODAY - timedelta(days=1))


@losing(Over.OTHER_ADDRESS)
def another_address(world: World, plan: Plan) -> None:
    with world.runtime.database("pep").writing() as connection:
        known = roster.person(connection, "cal")
        assert known is not None
        roster.record_person(
            connection, Person(known.id, known.authority, known.name, "new@people.example", known.kinds, "")
        )


@losing(Over.LEFT_CARE)
def left_care(world: World, plan: Plan) -> None:
    with world.acting("sam") as work:
        found = children.child_record(work, world.child.id)
        children.leave_care(work, world.child.id, found.version, TODAY)


@losing(Over.APPROVED)
def approved(world: World, plan: Plan) -> None:
    world.fill_in(plan)
    world.submit(plan, "The school was closed")
    world.approve(plan)


@losing(Over.EXPIRED)
def expired(world: World, plan: Plan) -> None:
    with world.runtime.database("pep").writing() as connection:
        connection.execute(update(link_table).values(expires_at=world.runtime.clock.now()))


@pytest.mark.parametrize("way", LOSING)
def test_who_is_inside_is_out_as_soon_as_what_the_link_rests_on_is_gone(
    world: World, plan: Plan, carer: LinkBrowser, way: str
) -> None:
    carer.go_in()
    act, over = LOSING[way]
    shown = carer.get("/page").text
    act(world, plan)
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert token is not None
    typed = {"csrf_token": token[1], "version": "0", "part": "carer_contribution", "going_well": "Too late"}
    before = stored(world)
    assert carer.client.post(carer.path + "/page", data=typed).status_code == 404
    assert carer.get("/page").status_code == 404
    assert stored(world) == before
    if over is not Over.LEFT_CARE:
        assert state_of(world, plan) == [over]


def test_what_was_handed_in_is_shown_and_not_changed_once_the_plan_is_with_the_virtual_school(
    world: World, plan: Plan, carer: LinkBrowser
) -> None:
    carer.go_in()
    carer.post("/page", "/page", part="carer_contribution", going_well="She reads every night")
    with world.acting("sam") as work:
        version = sections.read_section(work, plan.id, "carer_contribution").version
    with world.runtime.database("pep").writing() as connection:
        connection.execute(update(plan_table).values(state="submitted", submission=1))
    again = LinkBrowser(world, carer.path).go_in()
    page = again.get("/page?edit=yes")
    assert "She reads every night" in check_page(page)
    assert "has gone to the Virtual School" in page.text
    assert 'name="part"' not in page.text
    late = again.post("/page", "/page", part="carer_contribution", going_well="Changed", version=str(version))
    assert late.status_code == 409
    check_page(late)
    with world.looking("sam") as work:
        assert (
            sections.read_section(work, plan.id, "carer_contribution").answers["going_well"] == "She reads every night"
        )


def test_a_holder_may_do_nothing_but_what_the_link_is_for(world: World, plan: Plan, carer: LinkBrowser) -> None:
    """The carer's place on the team would allow more; and of another plan of the same child, not even that."""
    other = world.open(kind=plans.PlanKind.EARLY)
    carer.go_in()
    with world.acting("sam") as work:
        held = link_visits.open_link(work, carer.path.removeprefix("/link/")).holder
    with writing_work(world.runtime, SPEC, held) as work:
        assert held.scope is not None
        for action in PERMISSIONS:
            mine = action in held.scope.actions
            assert may(work, action, world.child.id, plan_id=plan.id) is mine, action
            assert not may(work, action, world.child.id), action
            assert not may(work, action, world.child.id, plan_id=other.id), action
            assert not may(work, action), action
        sections.save_section(work, plan.id, "carer_contribution", {"going_well": "Well"}, 0)
        for refused in (
            lambda: sections.save_section(work, other.id, "carer_contribution", {"going_well": "Well"}, 0),
            lambda: sections.save_section(work, plan.id, "placement", {}, 0),
            lambda: sections.save_section(work, plan.id, "nothing", {}, 0),
            lambda: plan_page.read_plan(work, plan.id),
            lambda: views.read_views(work, plan.id),
            lambda: children.child_record(work, world.child.id),
            lambda: team.team_of(work, world.child.id),
            lambda: links.links_of(work, plan.id),
        ):
            with pytest.raises((NoSuchRecord, Denied)):
                refused()


def test_a_link_signs_nobody_in_and_leaves_who_is_signed_in_alone(world: World, plan: Plan, carer: LinkBrowser) -> None:
    carer.go_in()
    assert carer.client.get("/").location.startswith("/sign-in")
    assert carer.client.get(f"/plans/{plan.id}").location.startswith("/sign-in")
    worker = world.client("sam")
    page = worker.get(carer.path)
    assert "Sam Osei" not in page.text
    assert "My work" not in page.text


def test_after_an_hour_a_new_code_is_asked_for_and_what_was_typed_is_there_again(
    world: World, carer: LinkBrowser
) -> None:
    carer.go_in()
    carer.get("/page")
    shown = carer.get("/page").text
    pass_time(world, minutes=61)
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert token is not None
    typed = {"csrf_token": token[1], "version": "0", "part": "carer_contribution", "worries": "A long story"}
    late = carer.client.post(carer.path + "/page", data=typed)
    assert (late.status_code, late.location) == (303, carer.path)
    assert "What you wrote is kept" in check_page(carer.get())
    carer.go_in()
    assert "A long story" in carer.get("/page").text
    assert carer.post("/page", "/page", part="carer_contribution", worries="A long story").status_code == 303
    assert "<textarea" not in carer.get("/page").text


def test_nobody_has_anything_kept_who_never_entered_a_code(world: World, carer: LinkBrowser) -> None:
    carer.ask_code()
    before = stored(world)
    answer = carer.post("/page", "/code", part="carer_contribution", worries="A flood of words")
    assert (answer.status_code, answer.location) == (303, carer.path)
    assert stored(world) == before


def test_the_page_can_be_closed_on_a_shared_device(carer: LinkBrowser) -> None:
    carer.go_in()
    answer = carer.post("/leave", "/page")
    assert answer.status_code == 303
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert carer.get("/page").location == carer.path
    carer.go_in()


def test_codes_and_tries_are_limited_for_each_link(
    world: World, plan: Plan, carer: LinkBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(CODES_A_DAY):
        carer.ask_code()
        pass_time(world, minutes=10)
    refused = carer.post("/code")
    assert refused.status_code == 429
    assert "Try again tomorrow" in check_page(refused)
    assert len(carer.mailbox.codes()) == CODES_A_DAY
    for use in (Use.CODE, Use.CODE_TRY):
        monkeypatch.setitem(LIMITS, use, Limit(1, timedelta(minutes=10)))
    pass_time(world, days=2)
    kid = sent_to(world, plan, Purpose.CHILD_VIEWS, "kid")
    code = kid.ask_code()
    assert kid.post("/code").status_code == 429
    assert kid.enter("abcdef").status_code == 422
    assert kid.enter(code).status_code == 429
    assert LinkBrowser(world, UNKNOWN).get().status_code == 404


def test_a_new_link_replaces_the_one_before(world: World, plan: Plan, carer: LinkBrowser) -> None:
    later = sent_to(world, plan, Purpose.CARER_PART, "cal")
    assert later.path != carer.path
    assert carer.get().status_code == 404
    assert later.get().status_code == 200
    assert state_of(world, plan).count(Over.REPLACED) == 1


def test_neither_mail_nor_address_nor_log_names_the_child_or_holds_what_opens_the_link(
    world: World, plan: Plan, carer: LinkBrowser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kid = sent_to(world, plan, Purpose.CHILD_VIEWS, "kid")
    code = kid.ask_code()
    kid.enter(code)
    kid.get("/page")
    guest(world, plan).go_in()
    raw = "\n".join([*Mailbox(world).raw(), *(text for _, _, text in Mailbox(world).mails()), carer.path, kid.path])
    for secret in ("Amara", "Bright", "Winter", "Osei", plan.id, "100001"):
        assert secret not in raw
    logged = caplog.text
    for secret in ("Amara", "Bright", code, kid.path.removeprefix("/link/")):
        assert secret not in logged
    assert {str(len(to.split(","))) for to, _, _ in Mailbox(world).mails()} == {"1"}
    with world.runtime.database("pep").reading() as connection:
        kept = repr(connection.execute(select(link_table)).all()) + repr(connection.execute(select(visit)).all())
    for secret in (code, kid.path.removeprefix("/link/"), carer.path.removeprefix("/link/")):
        assert secret not in kept


def test_the_worker_sees_the_links_and_takes_one_back(world: World, plan: Plan, carer: LinkBrowser) -> None:
    carer.go_in().post("/page", "/page", part="carer_contribution", worries="Nothing")
    address = f"/plans/{plan.id}/links"
    page = world.client("sam").get(address)
    words = check_page(page)
    for told in (
        "Cal Winter, carer",
        "cal@people.example",
        "Open until Monday 7 December 2026",
        "1 time, last",
        "Handed in",
    ):
        assert told in words
    taken = re.search(r'action="(/links/[^"]+/taken-back)"', page.text)
    assert taken is not None
    assert world.client("sam").post(taken[1]).status_code == 303
    assert "Taken back" in check_page(world.client("sam").get(address))
    assert carer.get("/page").status_code == 404
    for who in ("dee", "cal", "kid", "ira"):
        assert world.client(who).get(address).status_code == 403
        assert world.client(who).post(taken[1]).status_code == 403


def test_links_are_sent_by_the_pages_and_only_to_whom_they_may_go(world: World, plan: Plan) -> None:
    client, address = world.client("sam"), f"/plans/{plan.id}/links"
    for wrong in ("", "carer_part/dee", "carer_part/nobody", "parent_plan/pat", "nonsense"):
        answer = client.post(address, data={"to": wrong})
        assert answer.status_code == 422, wrong
        check_page(answer)
    assert client.post(address, data={"to": "carer_part/cal"}).location == address
    check_page(client.get(f"{address}/guest"))
    for name, capacity, email in (
        ("", "Psychologist", "a@b.example"),
        ("Ada", "", "a@b.example"),
        ("Ada", "Psychologist", "a@b"),
        ("Ada", "Psychologist", "Cal@people.example"),
    ):
        answer = client.post(f"{address}/guest", data={"name": name, "capacity": capacity, "email": email})
        assert answer.status_code == 422
        check_page(answer)
    sent = client.post(f"{address}/guest", data={"name": "Ada", "capacity": "Psychologist", "email": "a@b.example"})
    assert sent.location == address
    assert {to for to, _, _ in Mailbox(world).mails()} == {"cal@people.example", "a@b.example"}
    with world.acting("dee") as work, pytest.raises(Denied):
        links.send_link(work, plan.id, Purpose.CARER_PART, "cal")
    with world.acting("new") as work, pytest.raises(NoSuchRecord):
        links.send_link(work, plan.id, Purpose.CARER_PART, "cal")


def test_who_has_no_address_is_told_of_and_gets_none(world: World, plan: Plan) -> None:
    with world.runtime.database("pep").writing() as connection:
        known = roster.person(connection, "cal")
        assert known is not None
        roster.record_person(connection, Person(known.id, known.authority, known.name, None, known.kinds, ""))
    page = check_page(world.client("sam").get(f"/plans/{plan.id}/links"))
    assert "Cal Winter, carer: no e-mail address is recorded." in page
    with world.acting("sam") as work, pytest.raises(InvalidInput):
        links.send_link(work, plan.id, Purpose.CARER_PART, "cal")


def test_no_contribution_is_asked_for_once_the_plan_is_sent(world: World, plan: Plan) -> None:
    world.fill_in(plan)
    world.submit(plan, "The school was closed")
    assert "not on the team" not in world.client("sam").get(f"/plans/{plan.id}/links").text
    with world.acting("sam") as work, pytest.raises(Conflict):
        links.send_to_guest(work, plan.id, "Ada", "Psychologist", "a@b.example")


def test_browsers_are_forgotten_a_day_later(world: World, carer: LinkBrowser) -> None:
    carer.go_in()
    pass_time(world, days=1, seconds=1)
    with writing_work(world.runtime, SPEC, world.people["sam"]) as work:
        forget_link_visits(work)
        assert work.connection.execute(select(visit)).all() == []
