"""What was erased, by command: what the register says, and erasing again what a restored backup has brought back."""

from __future__ import annotations

from pathlib import Path

from services.pep.app import SPEC as PEP
from services.pep.application.retention import erase_again
from shared.kernel.clock import LONDON
from shared.kernel.errors import Conflict
from shared.platform import erasure
from shared.platform.access import system_actor
from shared.platform.erasure_register import ForgedLine, file_of, read_register, write_down
from shared.platform.runtime import Runtime
from shared.platform.work import writing_work
from suite.home import Refusal


def tombstones_listed(runtime: Runtime) -> str:
    """Return the tombstones of the database, the latest first."""
    with runtime.database(PEP.name).reading() as connection:
        stones = erasure.tombstones(connection)
    lines = [
        f"{stone.number}: record {stone.child_id} of {stone.authority}, erased "
        f"{stone.erased_at.astimezone(LONDON):%d %B %Y} by rule {stone.rule}, due since {stone.due_on:%d %B %Y}; "
        f"{sum(sum(tables.values()) for tables in stone.counts.values())} rows in {len(stone.counts)} services"
        for stone in stones
    ]
    return "\n".join(lines) or "No record was erased."


def erased_again(runtime: Runtime, register: Path | None, former_secrets: Path | None) -> str:
    """Erase again what a register names and the database holds; return what to tell. Raises `Refusal`."""
    file = register or file_of(runtime)
    if not file.is_file():
        raise Refusal(f"{file} is not there. Give the register that outlived the backup: erasures.jsonl.")
    former = former_secrets.read_text(encoding="utf-8").split() if former_secrets else []
    try:
        stones = read_register(file, [*runtime.settings.secrets, *former])
    except ForgedLine as error:
        raise Refusal(f"{error} Nothing was erased.") from error
    erased, held = 0, []
    for stone in stones:
        try:
            with writing_work(runtime, PEP, system_actor(stone.authority)) as work:
                erased += erase_again(work, stone)
        except Conflict as error:
            held.append(error.message)
    write_down(runtime, PEP)
    many = "1 record" if erased == 1 else f"{erased} records"
    return "\n".join([f"{many} of {len(stones)} in the register had come back and were erased again.", *held])
