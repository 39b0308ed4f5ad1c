"""What the store gives back beside the model's own types: frozen rows of its books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from itsm_bridge.model import Decision, Outcome

FieldValue = str | int | None
"""A value of a decided field, in the bridge's own names."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What one page changed, counted by ticket: ``new``, ``changed`` in content, or ``unchanged``.

    A version older than the stored one counts as unchanged. ``history_entries`` counts those not there before.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    history_entries: int = 0


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """What a stored ticket is called by people, and since when there is one."""

    source: str
    external_id: str
    number: str
    created_at: datetime

    @property
    def id(self) -> str:
        """As ``Ticket.id``."""
        return f"{self.source}:{self.number}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A ticket as it came: when, and where it is today.

    ``has_changed`` where its environment or service may have been another at the instant that was asked about.
    """

    source: str
    external_id: str
    created_at: datetime
    environment: str | None
    service: tuple[str, ...]
    has_changed: bool

    @property
    def identity(self) -> tuple[str, str]:
        """Its source and external id."""
        return self.source, self.external_id


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A record that could not be read, ``attempts`` times in a row."""

    source: str
    external_id: str
    reason: str
    first_seen: datetime
    last_seen: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class OddityRow:
    """Something odd about a ticket, as of its last reading."""

    source: str
    external_id: str
    check: str
    detail: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class ShownNote:
    """A note of ours that was to be an internal one and that its source shows to customers."""

    source: str
    external_id: str
    marker: str
    project: str
    number: str
    at: datetime

    @property
    def ticket(self) -> str:
        """As ``Ticket.id``."""
        return f"{self.source}:{self.number}"


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """A known ticket that the last ``missed`` sweeps did not see; it counts as gone from ``gone_at`` on.

    ``reason`` is the source's last answer: ``deleted``, ``archived``, ``hidden``, ``moved`` or ``unknown``.
    """

    source: str
    external_id: str
    reason: str
    missed: int
    first_missed: datetime
    last_missed: datetime
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class SweepRow:
    """The last whole sweep of a source: tickets that it saw, fetched, and missed."""

    source: str
    swept_at: datetime
    seen: int
    fetched: int
    missed: int


@dataclass(frozen=True, slots=True)
class StreamCount:
    """When a stream was last compared with its source; not ``counted`` where the source cannot count."""

    source: str
    stream: str
    since: date
    counted: bool
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class DayCountRow:
    """Tickets of a stream that were created on a day (UTC): in the source, and here. ``settled``: the day was over.

    ``hidden_count`` are known tickets that are hidden from us by now: some sources count them, others do not.
    """

    source: str
    stream: str
    day: date
    source_count: int
    store_count: int
    hidden_count: int
    settled: bool
    checked_at: datetime

    @property
    def differs(self) -> bool:
        """Whether a settled day is not complete here, or has more here than there."""
        most = self.store_count + self.hidden_count
        return self.settled and not self.store_count <= self.source_count <= most


@dataclass(frozen=True, slots=True)
class Run:
    """One command on the store; without ``finished_at`` and ``outcome`` it is still at work, or was killed."""

    id: int
    command: str
    started_at: datetime
    digest: str
    finished_at: datetime | None
    outcome: str | None
    summary: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DecisionRow(Decision):
    """A decision with the run that made it."""

    run_id: int


@dataclass(frozen=True, slots=True)
class Intent:
    """One write of one ticket, announced before it is sent.

    ``values`` maps a field to what it was and what it was to become; ``version`` is the ticket's when it was decided.
    ``state`` is ``sent`` until what became of it is known, then ``closed``, and ``outcomes`` says it for each field.
    """

    id: int
    run_id: int
    source: str
    external_id: str
    number: str
    version: str
    values: Mapping[str, tuple[FieldValue, FieldValue]]
    marker: str
    inputs_digest: str
    state: str
    outcomes: Mapping[str, Outcome]
    detail: str
    opened_at: datetime
    closed_at: datetime | None
    written_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The last that the bridge did to one field of one ticket.

    ``value``, ``outcome`` and ``inputs_digest`` are those of the newest closed intent. ``written_at`` is the newest
    instant at which the source stored a value of ours, ``None`` for never. ``refusals`` is how many times in a row
    the source did not store this ``value``, decided from these inputs; ``detail`` says why not, the last time.
    ``rewrites`` is how many times in a row the source stored the same value of ours again within a day: in between
    somebody must have changed it. ``written_before`` is the instant of the store before ``written_at``, whatever the
    value; ``tried_at`` is our own instant of the newest intent. ``sends`` is how many times in a row the same value
    was sent and may have been stored, if only for a moment. ``read_to`` is the instant of the source up to which the
    newest intent, when it was closed, was looked for in its ticket: ``None`` where that could not be read.
    """

    value: FieldValue
    written_at: datetime | None
    outcome: Outcome
    refusals: int
    inputs_digest: str
    detail: str = ""
    rewrites: int = 0
    written_before: datetime | None = None
    tried_at: datetime | None = None
    sends: int = 0
    read_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """A whole table, column by column, for analyses; ``chunks`` may be walked once."""

    columns: tuple[str, ...]
    chunks: Iterator[list[tuple[object, ...]]]
