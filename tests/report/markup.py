"""A page as a program reads it: its tags in order, its ids and links, and its tables as rows of text."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "br"})


class Markup(HTMLParser):
    """What a page is made of; it must close each of its tags in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.labelled: list[str] = []
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        """All words of the page."""
        return " ".join(" ".join(self.texts).split())

    def table(self, name: str) -> list[dict[str, str]]:
        """The first table that shows ``name``, row by row."""
        header, *rows = next(rows for of, rows in self.tables if of == name)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if "href" in values else []
        self.labelled += (values.get("aria-labelledby") or "").split()
        if tag == "table":
            self.tables.append((values.get("data-of") or "", []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][1][-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if {"td", "th"} & set(self._open):
            self.tables[-1][1][-1][-1] += data
