"""What differs between Jira Cloud and Jira Data Center; everything else is written once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.instants import instant
from itsm_bridge.connectors.jira.site import Json, Site
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import NeedsPerson

Order = Literal["updated", "created"]
Histories = Mapping[str, Sequence[Json]]


class Found(NamedTuple):
    """An issue as the search knows it: its id, the instant that the walk goes by, and its ``updated``."""

    id: str
    at: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What one answer of the search brought; ``expected`` is how many it says there are from the start on."""

    found: Sequence[Found]
    expected: int | None = None


class Deployment(Protocol):
    """One of Jira's two kinds, with a site of that kind."""

    overlap: timedelta
    """How far the search may lag behind, which is read again each time."""

    @property
    def site(self) -> Site:
        """The site."""

    def meet(self, info: Json, me: Json) -> None:
        """Take note of a site and of our account there. Raises ``NeedsPerson`` for a site of the other kind."""

    def walk(self, order: Order, since: datetime | None, now: datetime, written: Sequence[int] = ()) -> Iterator[Step]:
        """Every issue of our projects, by ``order``, from ``since`` on; none is left out, one may come twice.

        There is no upper bound: an issue that changes every few minutes would never be found below it. ``now`` is the
        site's clock, ``written`` are issues that its index may not know yet.
        """

    def issues(self, ids: Sequence[str], fields: Sequence[str]) -> list[Json]:
        """The details of at most 100 issues by id; some may be missing."""

    def histories(self, issues: Sequence[Json], fields: Sequence[str]) -> Histories:
        """The changelogs of issues just read, by id; those of ``fields`` at least. One that is cut is left out."""

    def history(self, issue: Json) -> Sequence[Json] | None:
        """The changelog of one issue that was read alone, ``None`` where it is cut."""


def fields_of(order: Order) -> list[str]:
    """What a walk asks of each issue."""
    return list(dict.fromkeys((order, "updated")))


def found_in(
    source: str, issues: Sequence[Json], order: Order, oldest: datetime | None, known: Sequence[int] = ()
) -> list[Found]:
    """The issues of an answer, held against what was asked; those in ``known`` may be older than asked for."""
    found = []
    for issue in issues:
        number, at, updated = part(issue, "id"), _instant_of(issue, order), _instant_of(issue, "updated")
        if whole(number) is None or at is None or updated is None:
            raise NeedsPerson(f"{source}: the search answers without ids or {order}; nothing was kept")
        if oldest is not None and at < oldest and whole(number) not in known:
            what = "have not changed" if order == "updated" else "are older"
            raise NeedsPerson(f"{source}: the search was widened: it answers with issues that {what}")
        found.append(Found(number, at, updated))
    return found


def _instant_of(issue: Json, field: str) -> datetime | None:
    content = issue.get("fields")
    try:
        return instant(content.get(field)) if isinstance(content, Mapping) else None
    except ValueError:
        return None
