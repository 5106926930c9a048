"""Families are told in their own language, as far as their authority has switched it on, and in English below."""

from __future__ import annotations

import email.policy
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from string import Formatter
from typing import TYPE_CHECKING

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from maintenance.catalogues import FOLDER, TO_BE_READ, renewed, said
from maintenance.catalogues import catalogue as catalogue_of
from services.scheduling.adapters import invitation_words as words
from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.adapters.policies import load_policies
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.adapters.tongues import ENGLISH, catalogues, tongue_of
from services.scheduling.application import meetings, parents
from services.scheduling.application.telling import SUMMARIES
from services.scheduling.domain.itip import Act, Arrangement, Invitation, Message, plan_messages
from services.scheduling.domain.meeting import Answer
from services.scheduling.domain.policy import policy_on
from shared.contracts.languages import LANGUAGES
from shared.contracts.pep import PersonRecorded
from shared.kernel.clock import london_time
from shared.platform import roster
from shared.testing.pages import check_page
from tests.scheduling.conftest import EMAIL, Office, a_wish

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CODES = sorted(catalogues())
MEETING = Arrangement(
    meeting_id="meeting-1",
    starts_at=datetime(2026, 12, 7, 14, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 7, 15, 30, tzinfo=UTC),
    mode="mixed",
    place="Oakfield School, Room 2",
    organizer_name="Northmoor education meetings",
    organizer_email="meetings@northmoor.example",
    invitations=(Invitation("anna", "Anna Larch", "anna@home.example", answer_url="https://pep.example/answer/AAA"),),
    joining_link="https://meet.example/r?a=1",
)


def messages(code: str, summary: str = MEETING.summary) -> dict[Act, Message]:
    """Return what goes to somebody of one language, act by act."""
    (anna,) = MEETING.invitations
    meeting = replace(MEETING, invitations=(replace(anna, language=code),), summary=summary)
    told = replace(meeting, invitations=plan_messages(None, meeting, NOW).invitations)
    later = replace(told, starts_at=meeting.starts_at.replace(day=8), ends_at=meeting.ends_at.replace(day=8))
    ben = Invitation("ben", "Ben", "ben@home.example")
    plans = (
        plan_messages(None, meeting, NOW),
        plan_messages(told, later, NOW),
        plan_messages(told, later, NOW, acts={"anna": Act.PROPOSAL_ACCEPTED}),
        plan_messages(told, replace(told, place="Library"), NOW),
        plan_messages(told, replace(told, organizer_email="peps@southbay.example"), NOW),
        *(
            plan_messages(told, told, NOW, acts={"anna": act})
            for act in (Act.ASKED_AGAIN, Act.SENT_AGAIN, Act.PROPOSAL_REFUSED)
        ),
        plan_messages(told, replace(told, invitations=(ben,)), NOW),
        plan_messages(told, None, NOW),
    )
    return {plan.messages[0].act: plan.messages[0] for plan in plans}


def parsed(message: Message) -> EmailMessage:
    mail = BytesParser(policy=email.policy.default).parsebytes(write_mail(message, NOW).raw)
    assert isinstance(mail, EmailMessage)
    return mail


def body(message: Message, kind: str) -> str:
    part = parsed(message).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_says_everything_and_fills_in_the_same(code: str) -> None:
    kept = catalogue_of(code)
    texts = {str(one.id): str(one.string) for one in kept if one.id}
    assert set(texts) == set(said())
    for english, own in texts.items():
        gaps, own_gaps = ([field for _, field, _, _ in Formatter().parse(text) if field] for text in (english, own))
        assert own.strip(), english
        assert sorted(gaps) == sorted(own_gaps), english
    assert renewed(code) == (FOLDER / f"{code}.po").read_bytes(), "run python -m maintenance.catalogues"


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_says_that_somebody_has_to_read_it_first(code: str) -> None:
    assert TO_BE_READ in (FOLDER / f"{code}.po").read_text(encoding="utf-8")
    assert code in LANGUAGES


def test_no_language_is_sent_unless_an_authority_switched_it_on() -> None:
    assert policy_on(load_policies("anywhere"), date(2026, 11, 20)).languages == frozenset()
    northmoor = policy_on(load_policies("northmoor"), date(2026, 11, 20))
    assert northmoor.languages <= catalogues()
    default = policy_on(load_policies("anywhere"), date(2026, 11, 20))
    assert replace(northmoor, authority=default.authority, languages=frozenset()) == default


@pytest.mark.parametrize("summary", SUMMARIES.values())
@pytest.mark.parametrize("code", CODES)
def test_each_mail_is_in_the_own_language_first_and_in_english_below(code: str, summary: str) -> None:
    tongue = tongue_of(code)
    assert set(messages(code, summary)) == set(Act)
    for act, message in messages(code, summary).items():
        own, _, english = body(message, "plain").partition(f"\n{'-' * 60}\n")
        assert words.opening(message, tongue) in own
        assert words.opening(message) in english
        assert tongue.day(message.start) in own
        assert "Monday 7 December 2026" in english or "Tuesday 8 December 2026" in english
        assert words.opening(message) not in own
        subject = parsed(message)["Subject"]
        assert subject == " ".join(f"{words.subject(message, tongue)} / {words.subject(message)}".split())
        html = body(message, "html")
        assert html.index(f'<div lang="{code}" dir="{tongue.direction}">') < html.index('<div lang="en" dir="ltr">')
        if message.answer_url and act not in (Act.REMOVED, Act.CANCELLED):
            assert own.count(message.answer_url) == english.count(message.answer_url) == 1
            assert html.count(f'href="{message.answer_url}"') == 2
        left = [text for text in said() if text in own and tongue.say(text) != text and len(text) > 12]
        assert left == []


def test_arabic_is_written_from_the_right_and_names_keep_their_direction() -> None:
    invited = messages("ar")[Act.INVITED]
    html = body(invited, "html")
    assert '<html lang="ar">' in html
    assert '<div lang="ar" dir="rtl">' in html
    assert "<bdi>Oakfield School, Room 2</bdi>" in html
    assert "\u2068Anna Larch\u2069" in body(invited, "plain")
    assert f"\n{invited.answer_url}\n" in body(invited, "plain")
    assert "الاثنين، 7 ديسمبر 2026" in parsed(invited)["Subject"]
    assert "\u2068" not in body(messages("pl")[Act.INVITED], "plain")


def test_the_calendar_entry_says_both() -> None:
    calendar = next(p for p in parsed(messages("uk")[Act.INVITED]).walk() if p.get_content_type() == "text/calendar")
    (event,) = icalendar.Calendar.from_ical(calendar.get_payload(decode=True)).walk("VEVENT")
    assert event["SUMMARY"] == "Зустріч щодо навчання / Education meeting"
    assert "Повідомте, чи зможете ви прийти" in event["DESCRIPTION"]
    assert "Say whether you can come" in event["DESCRIPTION"]


def test_what_has_no_catalogue_is_said_in_english_alone() -> None:
    assert tongue_of("ti") is ENGLISH
    assert body(messages("ti")[Act.INVITED], "plain") == body(messages("")[Act.INVITED], "plain")


def speaks(office: Office, person: str, code: str) -> None:
    """Hear from pep in which language somebody is written to."""
    with office.writing() as work:
        known = roster.person(work.connection, person)
        assert known is not None
        kinds = tuple(kind.value for kind in known.kinds)
        told = PersonRecorded(
            person, known.authority, kinds, "", name=known.name, email=f"{person}@people.example", language=code
        )
        roster.when_person_recorded(work, told)


def mail_to(office: Office, recipient: str) -> str:
    query = select(mail_out.c.raw).where(mail_out.c.recipient == recipient, mail_out.c.state == "queued")
    with office.runtime.database("scheduling").reading() as connection:
        raw = connection.execute(query).scalar_one()
    mail = BytesParser(policy=email.policy.default).parsebytes(raw.encode())
    assert isinstance(mail, EmailMessage)
    part = mail.get_body(("plain",))
    assert part is not None
    return f"{mail['Subject']}\n{part.get_content()}"


def test_whoever_was_invited_in_their_language_is_moved_and_told_off_in_it_too(office: Office) -> None:
    speaks(office, "carer", "pl")
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        meeting = meetings.arrange(work, meeting.id, a_wish(), meeting.version)
    assert mail_to(office, EMAIL["carer"] or "").startswith("Zaproszenie: spotkanie w sprawie edukacji, wtorek, 1 gru")
    assert mail_to(office, EMAIL["teacher"] or "").startswith("Invitation: education meeting, Tuesday")
    with office.writing("worker") as work:
        meeting = meetings.move(work, meeting.id, a_wish(hour=13), meeting.version)
    assert mail_to(office, EMAIL["carer"] or "").startswith("Zaproszenie: ")  # the first one had not gone out yet
    with office.writing("worker") as work:
        meetings.cancel(work, meeting.id, "not_needed", meeting.version)
    assert mail_to(office, EMAIL["carer"] or "").startswith("Odwołano: ")


def test_a_language_that_is_not_switched_on_is_not_sent(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    speaks(office, "carer", "pl")
    plain = load_policies("anywhere")
    monkeypatch.setattr("services.scheduling.application.languages.load_policies", lambda _: plain)
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        meetings.arrange(work, meeting.id, a_wish(), meeting.version)
    assert mail_to(office, EMAIL["carer"] or "").startswith("Invitation: education meeting, Tuesday")


def test_a_parent_who_is_told_after_reads_it_in_their_language(office: Office) -> None:
    speaks(office, "parent", "ro")
    meeting = office.open_plan("c1", "p1")
    with office.writing() as work:
        office.say_of_parent(work, "c1", standing=parents.ParentStanding.TOLD_AFTER)
    with office.writing("worker") as work:
        wish = a_wish(worker=True, teacher=True)
        meeting = meetings.arrange(work, meeting.id, wish, meeting.version)
    office.at(london_time(date(2026, 12, 1), 12))
    with office.writing("worker") as work:
        meetings.record_held(work, meeting.id, ["worker", "teacher"], meeting.version)
    words_told = mail_to(office, "parent@people.example")
    assert words_told.startswith("A avut loc: întâlnire privind educația, marți, 1 decembrie 2026 / Took place: ")
    assert "An education meeting took place on Tuesday 1 December 2026, 10am." in words_told


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def page_of(office: Office) -> Callable[[str], str]:
    def made(code: str) -> str:
        speaks(office, "carer", code)
        meeting = office.open_plan("c1", "p1")
        with office.writing("worker") as work:
            meetings.arrange(work, meeting.id, a_wish(), meeting.version)
        found = re.search(r"/scheduling(/answer/[\w-]+)", mail_to(office, EMAIL["carer"] or ""))
        assert found is not None
        return found[1]

    return made


@pytest.mark.parametrize("code", CODES)
def test_the_answer_page_is_in_the_language_and_in_english_by_a_link(
    code: str, client: FlaskClient, page_of: Callable[[str], str]
) -> None:
    address, tongue = page_of(code), tongue_of(code)
    page = client.get(address)
    shown = check_page(page)
    assert f'<div lang="{code}" dir="{tongue.direction}">' in page.text
    for text in ("You are invited to an education meeting", "Can you come?", "Send my answer", "When", "In person"):
        assert tongue.say(text) in shown
    main = page.text[page.text.index(f'<div lang="{code}"') : page.text.index("</main>")]
    left = [text for text in said() if f">{text}<" in main and tongue.say(text) != text]
    assert left == []
    assert 'hreflang="en"' in page.text
    english = client.get(f"{address}?language=en")
    assert "Tuesday 1 December 2026, 10am to 11am" in check_page(english)
    assert tongue.name in english.text
    assert "Send my answer" in english.text


def test_an_answer_in_arabic_is_recorded_and_a_mistake_said_in_arabic(
    client: FlaskClient, office: Office, page_of: Callable[[str], str]
) -> None:
    address = page_of("ar")
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert token is not None
    refused = client.post(address, data={"csrf_token": token[1], "comment": "بعد الظهر"})
    assert refused.status_code == 422
    check_page(refused)
    assert "يُرجى اختيار رد" in refused.text
    assert "هناك مشكلة" in refused.text
    assert "بعد الظهر" in refused.text
    taken = client.post(address, data={"csrf_token": token[1], "answer": "accepted", "comment": ""})
    assert taken.status_code == 303
    assert "سُجِّل ردكم: نعم، سأحضر" in client.get(taken.location).text
    carer = next(each for each in office.meeting_of("p1").invitees if each.person_id == "carer")
    assert carer.answer is Answer.ACCEPTED


def test_an_answer_from_the_english_page_comes_back_to_it(client: FlaskClient, page_of: Callable[[str], str]) -> None:
    address = f"{page_of('pl')}?language=en"
    page = client.get(address)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    action = re.search(r'action="([^"]+)"', page.text)
    assert token is not None
    assert action is not None
    taken = client.post(address, data={"csrf_token": token[1], "answer": "declined", "comment": ""})
    assert "language=en" in taken.location
    assert "Your answer is recorded: No, I cannot come" in client.get(taken.location).text
