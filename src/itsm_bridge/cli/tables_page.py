"""``docs/tables.md``: every table of a report with its columns, made of the definitions that each report carries.

Make it anew with ``python -m itsm_bridge.cli.tables_page > docs/tables.md``; no command imports this module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from itsm_bridge.analysis.columns import Table
from itsm_bridge.analysis.tables import TABLES

HEAD = """\
# Every table of a report, and its columns

Made of what each report says itself, in the sheet `definitions` and in `csv/definitions.csv`; after a change of tables:
`python -m itsm_bridge.cli.tables_page > docs/tables.md`. Each table is a CSV of that name and a sheet of the
workbook, unless it says otherwise. Names and meanings stay; new columns and tables may be added."""


def page() -> str:
    """The whole page."""
    return "\n\n".join([HEAD, *(part for table in TABLES.values() for part in _table(table))]) + "\n"


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.name}"
    yield f"**{table.title}**{'' if table.sheet else ' (CSV only)'}. {table.description}"
    rows = (f"| `{one.name}` | {one.kind.value} | {one.unit} | {_cell(one.definition)} |" for one in table.columns)
    yield "\n".join(["| column | kind | unit | what a value means |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(page())
