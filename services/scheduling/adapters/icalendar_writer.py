"""Writes one iTIP message as iCalendar (RFC 5545), in the one shape that this service sends.

A writer of our own because the shape is fixed and the details decide whether a client understands it: the time zone is
written as rules (lists of dates are read an hour wrong by some clients), lines are folded on octets and never inside a
character, and nothing a person typed can start a line of its own. The tests judge it by other people's parsers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from services.scheduling.domain.itip import Message, Method
from shared.kernel.clock import LONDON
from shared.platform.plain_mail import CONTROLS, LINE_ENDS, plain_name

PRODUCT = "-//PEP Suite//Education meetings//EN"
EUROPE_LONDON = (
    "BEGIN:VTIMEZONE",
    "TZID:Europe/London",
    "BEGIN:DAYLIGHT",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0100",
    "TZNAME:BST",
    "DTSTART:19700329T010000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0000",
    "TZNAME:GMT",
    "DTSTART:19701025T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "END:STANDARD",
    "END:VTIMEZONE",
)
_FIRST, _NEXT = 75, 74


def write_calendar(message: Message, description: str, summary: str = "") -> bytes:
    """Return the message as a VCALENDAR with CRLF line ends; `description` is the text shown inside the entry.

    `summary` is what the entry is called, empty for what the message says.
    A refused proposal says only which entry stays as it is (as in the example of RFC 5546 section 4.2.4).
    """
    refusal = message.method is Method.DECLINECOUNTER
    lines = [
        "BEGIN:VCALENDAR",
        f"PRODID:{PRODUCT}",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{message.method}",
        *(() if refusal else EUROPE_LONDON),
        "BEGIN:VEVENT",
        f"UID:{message.uid}",
        f"DTSTAMP:{utc_stamp(message.dtstamp)}",
        f"SEQUENCE:{message.sequence}",
        *(
            [f"COMMENT:{escaped(description)}"]
            if refusal
            else _details(message, description, summary or message.summary)
        ),
        f"ORGANIZER{common_name(message.organizer_name)}:mailto:{message.organizer_email}",
        _attendee(message),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"\r\n".join([*map(folded, lines), b""])


def _details(message: Message, description: str, summary: str) -> list[str]:
    start, end = times(message.start, message.end)
    lines = [
        f"DTSTART{start}",
        f"DTEND{end}",
        f"SUMMARY:{escaped(summary)}",
    ]
    if message.location:
        lines.append(f"LOCATION:{escaped(message.location)}")
    if message.joining_link and message.method is Method.REQUEST:
        lines.append(f'CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL="Join online":{uri(message.joining_link)}')
    lines += [f"DESCRIPTION:{escaped(description)}", "CLASS:PRIVATE", "TRANSP:OPAQUE"]
    if message.status is not None:
        lines.append(f"STATUS:{message.status}")
    return lines


def _attendee(message: Message) -> str:
    attendee = message.attendee
    role = "REQ-PARTICIPANT" if attendee.required else "OPT-PARTICIPANT"
    answer = f";PARTSTAT={attendee.partstat}" if attendee.partstat is not None else ""
    asked = ";RSVP=TRUE" if attendee.rsvp else ""
    name = common_name(attendee.name)
    return f"ATTENDEE{name};CUTYPE=INDIVIDUAL;ROLE={role}{answer}{asked}:mailto:{attendee.email}"


def utc_stamp(instant: datetime) -> str:
    """Return an aware instant in iCalendar's UTC form, to the second."""
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def times(*instants: datetime) -> list[str]:
    """Return instants as the rest of date-time properties: `;TZID=Europe/London:20261207T143000`.

    When one falls into the hour that an October night has twice, all are written in UTC: as local time the second of
    the two cannot be written, and the first is read as the second by some calendars.
    """
    local = [instant.astimezone(LONDON) for instant in instants]
    if any(one.replace(fold=0).utcoffset() != one.replace(fold=1).utcoffset() for one in local if one.hour == 1):
        return [f":{utc_stamp(instant)}" for instant in instants]
    return [f";TZID=Europe/London:{one:%Y%m%dT%H%M%S}" for one in local]


def escaped(text: str) -> str:
    """Return a TEXT value (RFC 5545 section 3.3.11); every kind of line end becomes an escaped newline."""
    text = CONTROLS.sub("", LINE_ENDS.sub("\n", text))
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def uri(address: str) -> str:
    """Return an address as a URI value: what could end the line or the address is written in percent signs."""
    return quote(CONTROLS.sub("", LINE_ENDS.sub("", address)), safe="%:/?#[]@!$&'()*+,;=~-._")


def common_name(name: str) -> str:
    """Return a name as a quoted CN parameter, or nothing when no name is left.

    Quotation marks are taken out (RFC 5545 section 3.2 has no way to write them); a caret is written as RFC 6868 says.
    """
    plain = plain_name(name)
    return f';CN="{plain.replace("^", "^^")}"' if plain else ""


def folded(line: str) -> bytes:
    """Return a content line as UTF-8, folded so that none has more than 75 octets, never inside a character."""
    raw = line.encode()
    if len(raw) <= _FIRST:
        return raw
    pieces, start, room = [], 0, _FIRST
    while start < len(raw):
        end = start + room
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(raw[start:end])
        start, room = end, _NEXT
    return b"\r\n ".join(pieces)
