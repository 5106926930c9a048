"""What is served as style sheets, scripts and pictures."""

import importlib.metadata
import re
from pathlib import Path

import pytest

from shared.platform.web.assets import STATIC
from shared.testing.style_app import make_style_app

SHEETS = sorted(STATIC.rglob("*.css"))


def test_there_are_style_sheets_to_check() -> None:
    assert {sheet.name for sheet in SHEETS} == {"govuk-frontend.min.css", "suite.css"}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_address_in_a_style_sheet_exists_beside_it(sheet: Path) -> None:
    for address in re.findall(r"url\(([^)]*)\)", sheet.read_text("utf-8")):
        target = address.strip("\"'")
        assert not target.startswith(("/", "http")), f"{target} would not be found behind a prefix"
        assert (sheet.parent / target).exists()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_nothing_that_belongs_to_gov_uk_alone_is_served(sheet: Path) -> None:
    text = sheet.read_text("utf-8")
    assert "GDS Transport" not in text
    assert "crest" not in text
    assert "@font-face" not in text
    assert "sourceMappingURL" not in text


def test_the_vendored_files_are_of_the_version_that_the_macros_are_for() -> None:
    macros = importlib.metadata.version("govuk-frontend-jinja")
    frontend = (STATIC / "govuk/govuk-frontend.min.css").read_text("utf-8")
    assert (macros, '--govuk-frontend-version:"6.3.0"' in frontend) == ("4.1.0", True)


def test_no_picture_or_typeface_of_gov_uk_is_vendored() -> None:
    kinds = {path.suffix for path in STATIC.rglob("*") if path.is_file()}
    assert kinds == {".css", ".js", ".svg", ""}
    assert [path.name for path in STATIC.rglob("*.svg")] == ["favicon.svg"]


def test_assets_may_be_kept_for_a_year_under_an_address_that_changes_with_them(tmp_path: Path) -> None:
    app, _ = make_style_app(tmp_path)
    client = app.test_client()
    addresses = re.findall(r'(?:href|src)="(/assets/[^"]+)"', client.get("/style").text)
    assert len(addresses) == 4
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.cache_control.max_age == 365 * 24 * 60 * 60
        assert "no-store" not in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        answer.close()


def test_nothing_outside_the_folder_is_served(tmp_path: Path) -> None:
    app, _ = make_style_app(tmp_path)
    client = app.test_client()
    assert client.get("/assets/../assets.py").status_code == 404
    assert client.get("/assets/%2e%2e/assets.py").status_code == 404


def test_addresses_follow_the_prefix_the_service_is_mounted_under(tmp_path: Path) -> None:
    app, _ = make_style_app(tmp_path)
    page = app.test_client().get("/style", base_url="http://localhost/pep").text
    assert 'href="/pep/assets/suite.css?v=' in page
