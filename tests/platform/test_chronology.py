"""What is withheld from a copy is not in it; what is not withheld is there, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shared.platform.chronology import Entry, Ground, Mark, Part, as_json, entry, in_order, matches, redact, withheld

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
THEIRS = "[withheld: information about another person]"
ENTRY = Entry("e1", date(2026, 11, 2), "A note", "note", (
    Part("who", "Who", "Sam Osei, Social worker"),
    Part("text", "Text", "Zed Quill came. ZED QUILL said that Zed is well."),
))  # fmt: skip
OTHER = entry("e2", date(2026, 10, 1), "A target", "target", what="Read with Zed Quill", by="")


def mark(entry: str = "", part: str = "", words: str = "", ground: Ground = Ground.THIRD_PARTY) -> Mark:
    return Mark("m", "c", entry, part, words, ground, "", "p", "P", NOW)


def texts(*marks: Mark) -> list[str]:
    return [part.text for one in redact([ENTRY, OTHER], marks) for part in one.parts]


def test_without_marks_everything_is_there() -> None:
    assert redact([ENTRY, OTHER], []) == [ENTRY, OTHER]


def test_an_empty_part_is_left_out_and_the_others_are_called_by_their_names() -> None:
    assert OTHER.parts == (Part("what", "What", "Read with Zed Quill"),)
    assert in_order([ENTRY, OTHER]) == [OTHER, ENTRY]


def test_a_whole_entry_is_withheld_with_all_its_parts_and_its_day_stays() -> None:
    released = redact([ENTRY, OTHER], [mark("e1")])
    assert [part.text for part in released[0].parts] == [THEIRS]
    assert released[0].on == ENTRY.on
    assert released[1] == OTHER


def test_a_part_is_withheld_and_the_other_parts_stay() -> None:
    assert texts(mark("e1", "text")) == ["Sam Osei, Social worker", THEIRS, "Read with Zed Quill"]


def test_words_are_withheld_in_whatever_capitals_and_only_there() -> None:
    assert texts(mark("e1", "text", "zed quill")) == [
        "Sam Osei, Social worker",
        f"{THEIRS} came. {THEIRS} said that Zed is well.",
        "Read with Zed Quill",
    ]


def test_words_can_be_withheld_wherever_they_are_the_longest_first() -> None:
    told = texts(mark(words="Zed"), mark(words="Zed Quill", ground=Ground.SERIOUS_HARM))
    harm = Ground.SERIOUS_HARM.told
    assert told[1:] == [f"{harm} came. {harm} said that {THEIRS} is well.", f"Read with {harm}"]


def test_words_are_never_looked_for_in_the_marks_themselves() -> None:
    assert texts(mark(words="Zed Quill"), mark(words="person"))[2] == f"Read with {THEIRS}"


@pytest.mark.parametrize("words", [".*", "(", "\\", "Zed Quill|Sam"])
def test_words_are_words_and_no_pattern(words: str) -> None:
    assert not matches(mark(words=words), [ENTRY, OTHER])
    assert texts(mark(words=words)) == texts()


def test_a_ground_whose_name_could_do_the_harm_is_not_named() -> None:
    for ground in (Ground.SERIOUS_HARM, Ground.CRIME, Ground.ADOPTION):
        assert "harm" not in ground.told
        assert "crime" not in ground.told
        assert "adopt" not in ground.told
    for ground in Ground:
        assert ground.told.startswith("[withheld: ")
        assert ground.words
        assert ground.source


def test_a_mark_on_what_says_something_else_by_now_is_found_idle() -> None:
    changed = replace(ENTRY, key="e1/2")
    assert matches(mark("e1", "text"), [ENTRY])
    assert not matches(mark("e1", "text"), [changed])
    assert not matches(mark("e1", "text", "Zara"), [ENTRY])


def test_the_list_of_what_is_withheld_names_each_place_once_for_each_mark() -> None:
    found = withheld([ENTRY, OTHER], [mark(words="Zed Quill"), mark("e1", "who")])
    assert [(one.key, part.key, made.words) for made, one, part in found] == [
        ("e1", "who", ""),
        ("e1", "text", "Zed Quill"),
        ("e2", "what", "Zed Quill"),
    ]


def test_the_file_holds_no_key_of_ours() -> None:
    told = json.dumps(as_json([ENTRY]))
    assert "e1" not in told
    assert json.loads(told)[0] == {
        "date": "2026-11-02",
        "kind": "A note",
        "record": "note",
        "says": [
            {"label": "Who", "text": "Sam Osei, Social worker"},
            {"label": "Text", "text": "Zed Quill came. ZED QUILL said that Zed is well."},
        ],
    }
