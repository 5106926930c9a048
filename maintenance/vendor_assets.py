"""Copy the compiled GOV.UK Frontend CSS and JavaScript into the suite, without what belongs to GOV.UK alone.

Run it when govuk-frontend-jinja is upgraded; it needs npm, which nobody who runs or tests the suite does:

    python maintenance/vendor_assets.py

What it changes, and why:
- the GDS Transport typeface may be used on GOV.UK only: the faces go, and every use becomes `--suite-font`;
- the royal arms in the footer belong to the Crown: the picture's rules go;
- addresses under /assets/ would not be found behind a prefix: none may remain;
- source maps are not shipped, so the comments that name them go.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "6.3.0"
TARGET = Path(__file__).resolve().parents[1] / "shared/platform/web/static/govuk"
INSIDE = "package/dist/govuk/"
FILES = ("govuk-frontend.min.css", "govuk-frontend.min.js")

LICENCE = f"""GOV.UK Frontend {VERSION}, from the npm package govuk-frontend, changed by maintenance/vendor_assets.py.

The MIT License (MIT)

Copyright (c) 2017 Crown Copyright (Government Digital Service)

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def clean_css(css: str) -> str:
    """Return the compiled CSS without GDS Transport, the royal arms, absolute addresses and source maps."""
    css = re.sub(r"@font-face\{[^}]*GDS Transport[^}]*\}", "", css)
    css = re.sub(r"\"?GDS Transport\"?,arial,sans-serif", "var(--suite-font,arial,sans-serif)", css)
    css = re.sub(r"[\w-]+:[^;{}]*url\([^)]*govuk-crest\.svg\)[^;{}]*;?", "", css)
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    return css.strip() + "\n"


def clean_javascript(script: str) -> str:
    """Return the compiled JavaScript without its source map comment."""
    return re.sub(r"//# sourceMappingURL=.*", "", script).strip() + "\n"


def main() -> int:
    """Fetch the package with npm, clean its two files and write them; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(  # noqa: S603 - a fixed command
            ["npm", "pack", "--silent", f"govuk-frontend@{VERSION}"],  # noqa: S607
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        archive = Path(folder) / packed.stdout.strip().splitlines()[-1]
        TARGET.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            for name in FILES:
                member = tar.extractfile(INSIDE + name)
                if member is None:
                    raise SystemExit(f"{name} is not in the package")
                text = member.read().decode("utf-8")
                cleaned = clean_css(text) if name.endswith(".css") else clean_javascript(text)
                (TARGET / name).write_text(cleaned, encoding="utf-8")
                sys.stdout.write(f"{name}: {len(cleaned):,} characters\n")
    (TARGET / "LICENCE").write_text(LICENCE, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
