"""The index by need: every page is in it, and every link of the documentation leads somewhere."""

from __future__ import annotations

import re

import pytest
from tests.docs.blocks import ROOT, pages, text_of

DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """What can follow a # in a link to a page: its headings, as they are spelt there."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages())
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    links = [link for link in LINK.findall(text_of(page)) if "://" not in link]
    for link in links:
        name, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert target.exists(), (page, link)
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), (page, link)


def test_every_page_is_in_the_index() -> None:
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in LINK.findall(text_of("docs/README.md"))}
    written = {path for path in DOCS.rglob("*") if path.suffix in {".md", ".1"} and path != DOCS / "README.md"}
    assert written - linked == set()
    assert len(written) > 20
