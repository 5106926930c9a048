"""The tables of the pep service; the other `tables_…` modules add theirs to this collection."""

from __future__ import annotations

from shared.platform.tables import service_metadata

metadata = service_metadata()
