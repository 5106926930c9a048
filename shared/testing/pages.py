"""What every page must be, checked from its HTML: `check_page(response)` in every test that asks for one.

One h1, a title, a language; every field labelled, every error linked to its field; no word None, no id twice, no script
or style that the content security policy would refuse, no form that posts without its token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Protocol

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
NEEDS_NO_LABEL = frozenset({"hidden", "submit", "button", "image", "reset"})
LANDMARKS = frozenset({"header", "nav", "main", "footer", "aside", "script", "style"})
_EACH_TIME = re.compile(
    r'(?<=name="csrf_token" value=")[^"]*|(?<=name="form_key" value=")[^"]*|(?<=nonce=")[^"]*'
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)
SUSPICIOUS = ("None", "Undefined", "undefined", "<built-in", "datetime.date(", "frozenset(", "{{", "}}")


class HasHtml(Protocol):
    """An answer of Flask's or werkzeug's test client."""

    @property
    def text(self) -> str:
        """The page."""
        ...


@dataclass
class Element:
    """One element, with the text directly and indirectly inside."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = field(default=None, repr=False)
    text: str = ""

    def inside(self, tag: str) -> bool:
        """Tell whether the element is somewhere inside a `tag`."""
        up = self.parent
        while up is not None:
            if up.tag == tag:
                return True
            up = up.parent
        return False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.words: list[tuple[Element | None, str]] = []
        self.misnested: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open[-1] if self.open else None)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.open and self.open[-1].tag == tag:
            self.open.pop()
        else:
            self.misnested.append(f"</{tag}> closes <{self.open[-1].tag if self.open else 'nothing'}>")
            while self.open and self.open[-1].tag != tag:
                self.open.pop()
            if self.open:
                self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
        if not any(element.tag == "dialog" and "open" not in element.attributes for element in self.open):
            self.words.append((self.open[-1] if self.open else None, data))


def read_elements(html: str) -> list[Element]:
    """Return every element of a page, in order, for a test's own questions."""
    reader = _Reader()
    reader.feed(html)
    return reader.elements


def visible_text(html: str) -> str:
    """Return the words of a page without scripts, with white space made single."""
    reader = _Reader()
    reader.feed(html)
    shown = (text for element, text in reader.words if element is None or element.tag not in ("script", "style"))
    return " ".join(" ".join(shown).split())


def check_page(page: HasHtml | str, *, may_say: tuple[str, ...] = ()) -> str:
    """Fail with every fault of a page at once, or return its visible text; `may_say` allows a suspicious word."""
    html = page if isinstance(page, str) else page.text
    reader = _Reader()
    reader.feed(html)
    faults = [
        *reader.misnested,
        *_frame(reader.elements),
        *_ids(reader.elements),
        *_fields(reader.elements),
        *_errors(reader.elements),
        *_landmarks(reader),
        *_policy(reader.elements),
        *_forms(reader.elements),
        *_words(reader, may_say),
    ]
    if reader.open:
        faults.append(f"never closed: {[element.tag for element in reader.open]}")
    assert not faults, "The page has faults:\n- " + "\n- ".join(faults)
    return visible_text(html)


def _frame(elements: list[Element]) -> list[str]:
    faults = []
    for tag in ("h1", "title", "main"):
        count = sum(element.tag == tag and not element.inside("svg") for element in elements)
        if count != 1:
            faults.append(f"{count} <{tag}> where there must be one")
    if not any(element.tag == "html" and element.attributes.get("lang") for element in elements):
        faults.append("no language")
    faults += [f"an empty <{e.tag}>" for e in elements if e.tag in ("h1", "h2", "h3", "title") and not e.text.strip()]
    levels = [int(element.tag[1]) for element in elements if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    after = levels[levels.index(1) :] if 1 in levels else levels
    faults += [f"a heading jumps from h{a} to h{b}" for a, b in pairwise(after) if b > a + 1]
    faults += ["a picture without alt" for e in elements if e.tag == "img" and "alt" not in e.attributes]
    return faults


def _ids(elements: list[Element]) -> list[str]:
    ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
    faults = [f"the id {one!r} is there {ids.count(one)} times" for one in sorted(set(ids)) if ids.count(one) > 1]
    for element in elements:
        for name in ("aria-describedby", "aria-labelledby", "aria-controls"):
            faults += [f"{name} names {one!r}, which is not there"
                       for one in element.attributes.get(name, "").split() if one not in ids]  # fmt: skip
    return faults


def _fields(elements: list[Element]) -> list[str]:
    labelled = {
        element.attributes.get("for") for element in elements if element.tag == "label" and element.text.strip()
    }
    faults = []
    for element in elements:
        attributes = element.attributes
        is_field = element.tag in ("input", "select", "textarea")
        if not is_field or attributes.get("type", "text") in NEEDS_NO_LABEL:
            continue
        named = attributes.get("id") in labelled or "aria-label" in attributes or "aria-labelledby" in attributes
        if not named and not element.inside("label"):
            faults += [f"the field {attributes.get('name')!r} has no label"]
    for element in elements:
        if element.tag in ("a", "button") and not element.text.strip() and "aria-label" not in element.attributes:
            faults.append(f"a <{element.tag}> without words: {element.attributes}")
    return faults


def _errors(elements: list[Element]) -> list[str]:
    ids = {element.attributes.get("id") for element in elements}
    faults = [f"the link {element.attributes['href']} leads nowhere on the page" for element in elements
              if element.tag == "a" and element.attributes.get("href", "").startswith("#")
              and element.attributes["href"] != "#" and element.attributes["href"][1:] not in ids]  # fmt: skip
    shown = any("govuk-error-message" in element.attributes.get("class", "").split() for element in elements)
    summary = any("govuk-error-summary" in element.attributes.get("class", "").split() for element in elements)
    if shown and not summary:
        faults.append("an error beside a field but no summary")
    title = next((element.text for element in elements if element.tag == "title"), "")
    if summary and not title.strip().startswith("Error:"):
        faults.append("errors, but the title does not start with Error:")
    return faults


def _landmarks(reader: _Reader) -> list[str]:
    """Find words that no landmark holds, and radios that claim to expand something (axe finds both)."""
    outside = {
        text.strip()[:60]
        for element, text in reader.words
        if text.strip() and element is not None and element.inside("body") and not _in_landmark(element)
    }
    faults = [f"no landmark holds {words!r}" for words in sorted(outside)]
    faults += [
        f"the radio {element.attributes.get('id')!r} says that it reveals something, which aria does not allow"
        for element in reader.elements
        if element.attributes.get("type") == "radio" and "data-aria-controls" in element.attributes
    ]
    return faults


def _in_landmark(element: Element | None) -> bool:
    while element is not None:
        classes = element.attributes.get("class", "").split()
        if element.tag in LANDMARKS or element.attributes.get("role") == "region" or "govuk-skip-link" in classes:
            return True
        element = element.parent
    return False


def _policy(elements: list[Element]) -> list[str]:
    faults = [f"an inline style on <{element.tag}>" for element in elements if "style" in element.attributes]
    faults += ["a <style> element" for element in elements if element.tag == "style"]
    faults += [f"an inline {name} on <{element.tag}>" for element in elements
               for name in element.attributes if name.startswith("on")]  # fmt: skip
    faults += ["a <script> without a nonce" for element in elements
               if element.tag == "script" and not element.attributes.get("nonce")]  # fmt: skip
    for element in elements:
        for name in ("src", "href", "action"):
            if element.attributes.get(name, "").lower().startswith("javascript:"):
                faults.append(f"a javascript: address on <{element.tag}>")
        if element.tag in ("script", "link", "img") and "://" in (
            element.attributes.get("src", "") + element.attributes.get("href", "")
        ):
            faults.append(f"a <{element.tag}> from elsewhere")
    return faults


def _forms(elements: list[Element]) -> list[str]:
    posting = [e for e in elements if e.tag == "form" and e.attributes.get("method", "get").lower() == "post"]
    tokens = [e for e in elements if e.tag == "input" and e.attributes.get("name") == "csrf_token"]
    return [
        f"the form to {form.attributes.get('action', 'this page')!r} posts without a csrf_token"
        for form in posting
        if not any(_within(token, form) for token in tokens)
    ]


def _within(element: Element, container: Element) -> bool:
    up = element.parent
    while up is not None:
        if up is container:
            return True
        up = up.parent
    return False


def _words(reader: _Reader, may_say: tuple[str, ...]) -> list[str]:
    faults = []
    for element, text in reader.words:
        if element is not None and element.tag in ("script", "style", "code", "pre"):
            continue
        words = set(text.replace(",", " ").replace(".", " ").split())
        for one in SUSPICIOUS:
            said = one in words if one.isalpha() else one in text
            if said and one not in may_say:
                faults.append(f"it says {one}: {text.strip()[:80]!r}")
    faults += [
        f"an attribute says None: <{element.tag} {element.attributes}>"
        for element in reader.elements
        if element.attributes.get("value") == "None" or "None" in element.attributes.get("class", "")
    ]
    return faults


def steady(response: HasHtml) -> str:
    """Return a page without what differs each time it is asked for: tokens, nonces and the number of the request."""
    return _EACH_TIME.sub("…", response.text)
