"""Every function that states a rule of law or guidance cites it, and is listed with the test that holds it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "statutory-basis.md"
CITES = re.compile(r"\bregulations? \d|Schedule \d|statutory guidance|Children Act 1989|SI 20\d\d/\d", re.IGNORECASE)
ROW = re.compile(
    r"^\| `(?P<function>[\w.]+)` \| (?P<rule>[^|]+) \| (?P<source>[^|]+) \| `(?P<test>[^`]+)` \|$", re.MULTILINE
)
WHERE = (
    "shared/kernel",
    "shared/contracts",
    "services/pep/domain",
    "services/scheduling/domain",
    "services/virtual_school/domain",
)


def functions_that_cite() -> set[str]:
    found = set()
    for folder in WHERE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and CITES.search(ast.get_docstring(node) or ""):
                    found.add(f"{module}.{node.name}")
    return found


def rows() -> dict[str, re.Match[str]]:
    return {row["function"]: row for row in ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))}


def test_the_document_lists_exactly_the_functions_that_cite_a_source() -> None:
    assert set(rows()) == functions_that_cite()


def test_every_row_names_a_test_that_exists() -> None:
    for function, row in rows().items():
        path, _, name = row["test"].partition("::")
        names = {
            node.name
            for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        }
        assert name in names, f"{function}: {row['test']}"
