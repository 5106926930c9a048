"""Brings the catalogues of languages in step with what is said in English.

.venv/bin/python -m maintenance.catalogues [CODE ...]

A catalogue is made for each CODE that there is none of. New sentences come in without a translation, those that are no
longer said go out. A test holds that every catalogue is whole.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from services.scheduling.adapters.invitation_words import named
from services.scheduling.application.telling import SUMMARIES
from services.scheduling.domain.meeting import ASK

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "services/scheduling/catalogues"
TO_BE_READ = "Has to be read by somebody at the authority who speaks the language before the policy switches it on"
HEADER = f"""# How families are told of meetings, in this language.
# {TO_BE_READ}
# (`languages` in services/scheduling/policies). What stands in {{}} is filled in, and has to stay as it is.
"""
KEYWORDS = {"say": None, "to_say": None}
SOURCES = ("services/scheduling/adapters", "services/scheduling/entrypoints/pages")
TEMPLATE = "services/scheduling/templates/scheduling/answer.html"


def said() -> list[str]:
    """Return everything that families are told, in English, in the order in which the code says it.

    What is said of an education meeting is there for every kind of meeting.
    """
    found: list[str] = [*SUMMARIES.values(), ASK]
    for folder in SOURCES:
        for path in sorted((ROOT / folder).glob("*.py")):
            found += [str(text) for _, text, _, _ in extract_from_file("python", path, keywords=KEYWORDS)]
    template = ROOT / TEMPLATE
    found += [str(text) for _, text, _, _ in extract_from_file("jinja2.ext:babel_extract", template, keywords=KEYWORDS)]
    kinds = [named(text, summary) for summary in SUMMARIES.values() for text in found]
    return list(dict.fromkeys([*found, *kinds]))


def catalogue(code: str) -> Catalog:
    """Return the catalogue of a language as it is kept, empty where there is none."""
    path = FOLDER / f"{code}.po"
    if not path.is_file():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def renewed(code: str) -> bytes:
    """Return the file of a language in step with what is said."""
    known = catalogue(code)
    fresh = Catalog(locale=code, header_comment=HEADER.rstrip("\n"), fuzzy=False)
    for text in said():
        was = known.get(text)
        fresh.add(text, str(was.string) if was and was.string else "")
    written = BytesIO()
    write_po(written, fresh, width=100, no_location=True, omit_header=True)
    head = f'{HEADER}msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {code}\\n"\n\n'
    return head.encode() + written.getvalue()


def main() -> None:
    """Write every catalogue anew."""
    FOLDER.mkdir(exist_ok=True)
    for code in sorted({*(path.stem for path in FOLDER.glob("*.po")), *sys.argv[1:]}):
        (FOLDER / f"{code}.po").write_bytes(renewed(code))


if __name__ == "__main__":
    main()
