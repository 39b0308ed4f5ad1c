"""One self-contained page of HTML: its frame, its style for screen, dark screen and paper, and safe text.

Nothing is loaded and nothing runs: the page's policy forbids scripts and any address. Text of others goes through
``text`` or ``cell`` and can be neither markup nor a command.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from itsm_bridge.conditions import shown

LONGEST = 400
"""Characters of one foreign text that a page repeats."""

_STYLE = """
:root{--ink:#1a1c20;--soft:#5b6270;--line:#d9dde4;--back:#fff;--band:#f4f6f9;--good:#14663a;--bad:#a8231a;--mark:#1d4f91;
--wait:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#a3abb9;--line:#3a404b;--back:#14161a;--band:#1d2026;
--good:#6fcf97;--bad:#ff8a80;--mark:#8ab8ff;--wait:#e3b341}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .25rem}h3 span{font-weight:400}
p{margin:.25rem 0 .75rem}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;min-width:40rem;table-layout:fixed}
th,td{overflow-wrap:anywhere;border-bottom:1px solid var(--line);padding:.4rem .6rem;text-align:left;vertical-align:top}
th{background:var(--band);font-weight:600;white-space:nowrap}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.w10{width:10%}.w20{width:20%}.w30{width:30%}.w40{width:40%}.w60{width:60%}
ul{margin:.2rem 0;padding-left:1.1rem}li{margin:.1rem 0}
.tag{display:inline-block;min-width:4.5rem;border:1px solid var(--line);border-radius:.3rem;padding:0 .4rem;
font-size:.85em;text-align:center}.tag.decides{border-color:var(--mark);color:var(--mark);font-weight:600}
.clock{display:block;margin:.5rem 0 0;overflow:visible;font-size:12px}
.clock text{fill:var(--ink);stroke:var(--back);stroke-width:4px;paint-order:stroke}.clock text.soft{fill:var(--soft)}
.clock text.due{fill:var(--bad)}.clock line,.swatch line{stroke:var(--soft);stroke-width:1}
.clock .mark{stroke:var(--ink)}.clock .mark.due{stroke:var(--bad);stroke-width:2}
.clock .running,.clock .over{stroke-width:26}.swatch .running,.swatch .over{stroke-width:14}
.clock .running,.swatch .running{stroke:var(--mark)}.clock .over,.swatch .over{stroke:var(--bad)}
.clock .paused,.swatch .paused{stroke:var(--wait);stroke-dasharray:2 4;stroke-width:26}.swatch .paused{stroke-width:14}
.clock .closed,.swatch .closed{stroke-width:3}.clock .halted,.swatch .halted{stroke-width:2;stroke-dasharray:7 5}
.clock .holiday,.swatch .holiday{stroke:var(--good);stroke-width:7;stroke-linecap:round;stroke-dasharray:.1 10}
.clock .hollow,.swatch .hollow{stroke:var(--back);stroke-width:5}
.times table{table-layout:auto}.times td:not(:last-child){white-space:nowrap}
.legend span{display:inline-block;margin-right:1rem}.swatch{vertical-align:-2px}
@media print{.clock,h3{break-inside:avoid;break-after:avoid}
body{max-width:none;padding:0;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}}
"""


def page(title: str, parts: Iterable[str], style: str = "") -> str:
    """The whole document; ``parts`` are markup, ``style`` comes after the style of all pages."""
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def text(foreign: str, longest: int = LONGEST) -> str:
    """Foreign text as markup that shows it: cut where it is long, what is invisible as escapes."""
    return html.escape(shown(foreign, longest))


def cell(content: str, kind: str = "") -> str:
    """A cell of a table around markup."""
    return f'<td class="{kind}">{content}</td>' if kind else f"<td>{content}</td>"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: ``width`` is its share in percent, ``kind`` is ``number`` or empty."""

    name: str
    width: int
    kind: str = ""

    @property
    def head(self) -> str:
        """Its head as markup."""
        return f'<th class="w{self.width} {self.kind}">{self.name}</th>'


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """A table; ``rows`` hold cells."""
    head = "".join(column.head for column in columns)
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
