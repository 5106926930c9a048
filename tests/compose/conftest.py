"""The containers are tested on demand only: ./test --compose."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("PEP_SUITE_TEST_COMPOSE") == "yes" else ["test_*.py"]
