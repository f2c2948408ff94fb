"""The record of what was measured: tables as JSON and in docs/performance.md, and the picture drawn from them."""

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import picture
from bench.stage import DAPR
from bench.timing import Table

DOCS = Path(__file__).parents[2] / "docs"
FIGURES = DOCS / "figures"
PAGE = DOCS / "performance.md"
PICTURE = FIGURES / "performance.svg"


def recorded(runtime: str) -> Path:
    """Return the file that holds what was measured on a runtime."""
    return FIGURES / f"performance-{runtime}.json"


def record(runtime: str, table: Table) -> None:
    """Write a table in the place of what was known of it before; the others stay."""
    file = recorded(runtime)
    tables: list[dict[str, Any]] = json.loads(file.read_text())["tables"] if file.exists() else []
    now = {**table.document(), "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "load": round(os.getloadavg()[1], 1)}
    tables = [now if known["title"] == table.title else known for known in tables]
    if now not in tables:
        tables.append(now)
    FIGURES.mkdir(exist_ok=True)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    document = {"runtime": runtime, "machine": machine, "tables": tables}
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(with_section(PAGE.read_text(), runtime, section(document)))
    if runtime == DAPR:
        PICTURE.write_text(picture.draw(tables))


def section(document: Mapping[str, Any]) -> str:
    """Return the tables as they stand in the page."""
    return "\n\n".join([f"{document['machine']}.", *(_shown(table) for table in document["tables"])])


def _shown(table: Mapping[str, Any]) -> str:
    rows = tuple(tuple(row) for row in table["rows"])
    markdown = Table(table["title"], tuple(table["head"]), rows, table["align"]).markdown()
    return f"{markdown}\n\n{table['at']} UTC, load average over the last five minutes {table['load']}."


def with_section(page: str, runtime: str, text: str) -> str:
    """Return the page with the part between a runtime's marks replaced; ValueError where it has none."""
    begin, end = f"<!-- {runtime}: begin -->", f"<!-- {runtime}: end -->"
    pattern = f"{re.escape(begin)}.*{re.escape(end)}"
    replaced, count = re.subn(pattern, lambda _: f"{begin}\n{text}\n{end}", page, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page has no place for {runtime}: {begin} … {end}")
    return replaced
