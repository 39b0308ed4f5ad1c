"""The normalized model: tickets, their history and approvals, and what the bridge decides about them.

Everything is frozen and typed. Instants are zone-aware and in UTC. A ticket *is* its source and the source's
immutable id; the number people say is an attribute. Beside every normalized value stands the source's own, in
``Ticket.originals``, so that a changed mapping can be told from a changed ticket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import overload

EMPTY: Mapping[str, str] = MappingProxyType({})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TicketType(StrEnum):
    """ITIL's kinds of ticket; a Jira issue type that ``types:`` does not name is a ``task``."""

    INCIDENT = "incident"
    SERVICE_REQUEST = "service_request"
    CHANGE = "change"
    PROBLEM = "problem"
    TASK = "task"


class State(StrEnum):
    """Where a ticket is in its life. ``UNKNOWN`` holds what ``states:`` does not map: kept, listed, never decided."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        """Whether a ticket in this state still needs somebody."""
        return self in OPEN_STATES


OPEN_STATES = frozenset({State.NEW, State.IN_PROGRESS, State.ON_HOLD})


class ApprovalState(StrEnum):
    """The bridge's names for an approval; a ticket without one counts as ``NOT_REQUIRED``."""

    NOT_REQUIRED = "not_required"
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request as it stands now.

    ``project`` is the Jira project's key or the ServiceNow table. ``vendor`` is the bridge's name of the partner
    (``None`` where the source's group is nobody's in ``vendors.yaml``), ``group`` the source's own name of the team.
    ``impact`` and ``urgency`` are 1 to 3, ``priority`` 1 to 5, 1 being highest. ``service``, ``category`` and
    ``labels`` may hold several values. ``version`` changes whenever the source changes the record (it is compared,
    never ordered). ``originals`` maps our field to the source's own value as text.
    """

    source: str
    external_id: str
    number: str
    type: TicketType
    project: str
    state: State
    created_at: datetime
    updated_at: datetime
    version: str
    summary: str = ""
    description: str = ""
    environment: str | None = None
    service: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    subcategory: str | None = None
    ci: str | None = None
    labels: tuple[str, ...] = ()
    reporter: str | None = None
    assignee: str | None = None
    group: str | None = None
    vendor: str | None = None
    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    approval: ApprovalState | None = None
    due_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    custom: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    originals: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    @property
    def id(self) -> str:
        """What people type: ``<source>:<number>``."""
        return f"{self.source}:{self.number}"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One dated change of one field of one ticket.

    ``field`` is the bridge's name (``state``, ``priority``, ``impact``, ``urgency``, ``vendor``, ``group``,
    ``assignee``, ``approval``, ``environment``, ``service``, ``category``, ``custom.<name>``). ``old`` and ``new`` are
    normalized as text, the empty string standing for no value; ``source_old`` and ``source_new`` are what the source
    said. ``entry_id`` is unique within its source and repeats when the same entry is read again. ``actor`` is the
    source's name of the account that made the change.
    """

    source: str
    external_id: str
    entry_id: str
    at: datetime
    field: str
    old: str
    new: str
    source_old: str = ""
    source_new: str = ""
    actor: str = ""

    @property
    def is_change(self) -> bool:
        """Whether anything changed.

        A state did that changed in the source's words alone (from waiting for the caller to waiting for a vendor, both
        on hold); a vendor did not where one team that is nobody's follows another.
        """
        return self.old != self.new or (self.field == "state" and self.source_old != self.source_new)


EntryRow = tuple[str, str, str, int, str, str, str, str, str, str]
"""What a ``HistoryEntry`` holds, in its order, but for ``at``: microseconds since 1970-01-01T00:00Z."""


class Entries(Sequence[HistoryEntry]):
    """Entries that are made when somebody looks at them: of most tickets all that is asked for is columns of ``rows``.

    Equal to a tuple with the same entries.
    """

    __slots__ = ("_made", "rows")

    def __init__(self, rows: Sequence[EntryRow]) -> None:
        self.rows = rows
        self._made: tuple[HistoryEntry, ...] | None = None

    def _entries(self) -> tuple[HistoryEntry, ...]:
        if self._made is None:
            self._made = tuple([
                HistoryEntry(source, external_id, entry_id, EPOCH + timedelta(0, 0, at), *said)
                for source, external_id, entry_id, at, *said in self.rows
            ])  # fmt: skip
        return self._made

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[HistoryEntry]:
        return iter(self._entries())

    @overload
    def __getitem__(self, place: int) -> HistoryEntry: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[HistoryEntry, ...]: ...
    def __getitem__(self, place: int | slice) -> HistoryEntry | tuple[HistoryEntry, ...]:
        return self._entries()[place]

    def __eq__(self, other: object) -> bool:
        return self._entries() == tuple(other) if isinstance(other, Entries | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._entries())

    def __repr__(self) -> str:
        return repr(self._entries())


@dataclass(frozen=True, slots=True)
class Approval:
    """One approver's vote on one ticket: ``REQUESTED`` until decided. ``approver`` is an address, else a name."""

    source: str
    external_id: str
    approval_id: str
    approver: str
    state: ApprovalState
    requested_at: datetime
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NativeSla:
    """A service level as the source itself measures it (``task_sla``, Jira Service Management), to compare ours with.

    ``elapsed_seconds`` is the source's own business time; ``breached`` its own verdict; ``stage`` its own word. The
    figures of a clock that runs are those of ``measured_at``: sources refresh them only from time to time.
    ``target_seconds`` is its goal in business time, ``schedule`` the name of its opening hours and ``zone`` the zone
    in which these are read, ``paused_seconds`` the business time of pauses that are over, ``paused_at`` when the
    present one began, ``percent`` the share of the target as the source rounds it. What the source does not say, or
    the account may not see, is ``None``.
    """

    source: str
    external_id: str
    native_id: str
    name: str
    stage: str
    started_at: datetime | None
    stopped_at: datetime | None
    due_at: datetime | None
    elapsed_seconds: int | None
    breached: bool | None
    measured_at: datetime | None = None
    target_seconds: int | None = None
    schedule: str | None = None
    zone: str | None = None
    paused: bool | None = None
    paused_at: datetime | None = None
    paused_seconds: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Worklog:
    """Time that a person booked on a ticket: from ``started_at`` on, ``seconds`` long, as last changed.

    ``worklog_id`` is unique within its source. ``author`` is an address, else a name.
    """

    source: str
    external_id: str
    worklog_id: str
    author: str
    started_at: datetime
    seconds: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What somebody wrote on a ticket, which nobody changes any more; ``element`` is the source's name of the journal.

    ``entry_id`` is unique within its source, ``author`` the source's name of the account.
    """

    source: str
    external_id: str
    entry_id: str
    element: str
    at: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """One ticket with its whole history (oldest first) and its approvals, as read at one time."""

    ticket: Ticket
    history: Sequence[HistoryEntry] = ()
    approvals: tuple[Approval, ...] = ()


NOTE = "note"
"""What a note is called where fields are listed."""


@dataclass(frozen=True, slots=True)
class Note:
    """A text that is left on a ticket once; by its ``marker`` a source shows that it is there.

    Without ``public`` it is for those who work on the ticket, and whoever asked for it does not see it. ``told`` are
    the addresses of those whom it calls.
    """

    marker: str
    text: str
    public: bool = False
    told: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name among the changes of a ticket, of which it may be one of several notes."""
        return f"{NOTE} {self.marker}"


def is_note(key: str) -> bool:
    """Whether a change of that key is a note, and not a field."""
    return key.partition(" ")[0] == NOTE


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One line of a plan: what one field of one ticket would become, by which rule, and why.

    ``field`` is ``impact``, ``urgency``, ``priority``, ``approval``, ``vendor`` or ``note``. ``before`` and ``after``
    are the bridge's own names (``from`` and ``to`` in JSON). A ``note`` adds its text and replaces nothing.
    """

    ticket: str
    source: str
    field: str
    before: str | int | None
    after: str | int | None
    rule: str
    because: str
    note: Note | None = None

    @property
    def key(self) -> str:
        """What tells this change from the others of its ticket: the field, and for a note which one."""
        return self.field if self.note is None else self.note.key


@dataclass(frozen=True, slots=True)
class Held:
    """A change that the rules want and that is not made, with the reason.

    ``kind`` is the stable short name of the finding that it is, for what somebody should look at; empty for the others.
    """

    ticket: str
    field: str
    why: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Unrouted:
    """An open ticket for which no rule finds a vendor; ``why`` names the rule that failed by the fewest conditions."""

    ticket: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one field of one ticket, by which rule, on which inputs; the rows of ``decisions``.

    ``field`` is that of a plan; several notes of a ticket are told apart by their markers behind it. ``inputs`` is the
    JSON of every fact that the rules saw, with sorted keys; ``digest`` the configuration's. With both the decision can
    be made again. ``outcome`` says what came of it: an ``Outcome``, ``held``, ``planned`` or ``kept`` (the ticket
    already had the value).
    """

    source: str
    external_id: str
    field: str
    value: str | int | None
    rule: str
    because: str
    decided_at: datetime
    digest: str
    inputs: str
    outcome: str


class Choice(StrEnum):
    """Whose value of a field stands: the person's, that of the rules, or whatever is there, left alone."""

    THEIRS = "theirs"
    OURS = "ours"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What somebody decided about a conflict of one ticket; rows are added, and the newest of a field counts.

    ``field`` is a key of ``ownership:``, such as ``priority``. ``ours`` and ``theirs`` are what the rules said and what
    was there, by field of a plan; ``seen_at`` is the source's instant of the last change that was known of then,
    ``None`` for none. ``by`` is the name of an account of the machine.
    """

    source: str
    external_id: str
    field: str
    choice: Choice
    ours: Mapping[str, str | int | None]
    theirs: Mapping[str, str | int | None]
    seen_at: datetime | None
    by: str
    at: datetime

    @property
    def text(self) -> str:
        """Who resolved it how and when, in words."""
        return f"resolved as {self.choice} by {self.by} on {self.at:%Y-%m-%d %H:%M} UTC"


class Outcome(StrEnum):
    """How a write ended. ``UNKNOWN`` is resolved by reading, never by guessing."""

    VERIFIED = "verified"
    NOOP = "noop"
    CONFLICT = "conflict"
    OVERRIDDEN = "overridden"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was agreed about one clock when it ended; a row that is never replaced.

    ``stage`` is ``completed`` or ``cancelled``; the figures are those of ``sla_cycles``. What they rest on is kept as
    digests: of the ``definition``, of the ``calendars`` that counted, of the ticket's ``history`` up to the end; with
    the versions of the ``zone_data`` and ``holidays``, and the digest of the whole ``configuration``. The ticket was
    known up to ``known_at`` then.
    """

    source: str
    external_id: str
    sla: str
    measures: str
    kind: str
    started_at: datetime
    stopped_at: datetime
    stage: str
    target_seconds: int
    elapsed_seconds: int
    paused_seconds: int
    due_at: datetime | None
    breached: bool
    vendor: str | None
    environment: str | None
    priority: int | None
    definition: str
    calendars: str
    zone_data: str
    holidays: str
    configuration: str
    history: str
    known_at: datetime
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class Warned:
    """A clock that has used up a share of its target: ``percent`` of it at ``crossed_at``.

    ``told_at`` is when a run told so, or when it was recorded because nobody was to be told; ``None`` until then.
    """

    source: str
    external_id: str
    sla: str
    started_at: datetime
    percent: float
    crossed_at: datetime
    vendor: str | None
    told_at: datetime | None = None
