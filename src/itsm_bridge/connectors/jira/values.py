"""From Jira's values to the bridge's own, the same way for what a field is and for what it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from itsm_bridge.config.model import Jira, Vendor
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.fields import Field
from itsm_bridge.connectors.jira.site import Json
from itsm_bridge.history import SEPARATOR
from itsm_bridge.model import ApprovalState, State, TicketType

APPROVALS: Mapping[str, ApprovalState] = {
    "not required": ApprovalState.NOT_REQUIRED,
    "not requested": ApprovalState.NOT_REQUIRED,
    "requested": ApprovalState.REQUESTED,
    "waiting for approval": ApprovalState.REQUESTED,
    "pending": ApprovalState.REQUESTED,
    "approved": ApprovalState.APPROVED,
    "rejected": ApprovalState.REJECTED,
    "declined": ApprovalState.REJECTED,
}
"""What the options of an approval field may be called."""

_CATEGORIES: Mapping[str, State] = {
    "new": State.NEW,
    "indeterminate": State.IN_PROGRESS,
    "done": State.RESOLVED,
}
_HIGHEST: Mapping[str, int] = {"impact": 3, "urgency": 3}
_LEADING_NUMBER = re.compile(r"\s*(\d{1,2})(?:\s*-.*)?\s*")


class People:
    """The accounts met so far: an address where it is shown, else a name, else the account's id.

    Our own account is always called what ``identity`` calls it, also where its address is hidden from a changelog.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._own: frozenset[str] = frozenset()
        self._asked: set[str] = set()
        self._read: dict[tuple[str, ...], tuple[list[str], str]] = {}

    def is_us(self, account: Json) -> str:
        """Note our own account; the answer is its name."""
        self._own = frozenset(_numbers(account))
        self._names |= dict.fromkeys(self._own, _name_of(account))
        return _name_of(account)

    def name(self, account: object) -> str:
        """What an account is called here; empty for nobody."""
        numbers, name = self._reading(account)
        for number in numbers:
            if number not in self._own and ("@" in name or number not in self._names):
                self._names[number] = name
        return self._names[numbers[0]] if numbers else name

    def _reading(self, account: object) -> tuple[list[str], str]:
        """The numbers and the name of an account; the same few stand in each of a thousand changes."""
        if not isinstance(account, dict):
            return [], ""
        key = tuple(repr(account.get(label)) for label in _LABELS)
        if key not in self._read:
            self._read[key] = _numbers(account), _name_of(account)
        return self._read[key]

    def strangers(self, numbers: Iterable[str]) -> list[str]:
        """Those of these accounts whose address is not known and was not asked for yet; from now on it counts as asked.

        Without asking, what a past assignee is called would depend on who else was met in the same run.
        """
        known = self._asked | self._own | {number for number, name in self._names.items() if "@" in name}
        found = sorted({number for number in numbers if number} - known)
        self._asked.update(found)
        return found

    def known(self, number: str, otherwise: str) -> str:
        """The name of an account met before, by its id."""
        return self._names.get(number, otherwise or number)


def _numbers(account: object) -> list[str]:
    """What tells an account from others: on Data Center both its key and its user name do."""
    return [number for label in ("accountId", "key", "name") if (number := part(account, label))]


_LABELS = ("emailAddress", "displayName", "accountId", "name", "key")


def _name_of(account: object) -> str:
    return next((text for label in _LABELS if (text := part(account, label))), "")


class Values:
    """How the values of one site read here. ``text`` gives what ``HistoryEntry`` would say, ``""`` for no value."""

    def __init__(self, source: Jira, vendors: Mapping[str, Vendor], statuses: Callable[[], Sequence[Json]]) -> None:
        self._source = source
        self._vendors = {
            vendor.names[source.name].casefold(): vendor.name
            for vendor in vendors.values()
            if source.name in vendor.names
        }
        self._statuses = statuses
        self._known: dict[str, tuple[str, str]] | None = None

    def text(self, field: Field, names: Sequence[str]) -> str:
        """Values of a field, by Jira's names, in the bridge's words."""
        if field.ours == "priority":
            return self._priority(names)
        if field.ours in _HIGHEST:
            return next((number for name in names if (number := _number(field, name))), "")
        if field.ours == "approval":
            return next((known.value for name in names if (known := self.approval(field, name))), "")
        if field.ours == "vendor":
            return next((self._vendors[name.casefold()] for name in names if name.casefold() in self._vendors), "")
        return SEPARATOR.join(self.parts(field, names))

    def parts(self, field: Field, names: Sequence[str]) -> tuple[str, ...]:
        """Values of a field by the names that ``map:`` gives them."""
        return tuple(field.values.get(name.casefold(), name) for name in names)

    def approval(self, field: Field, name: str) -> ApprovalState | None:
        """Our state of an approval's option, ``None`` for one that nobody knows."""
        mapped = field.values.get(name.casefold(), name).casefold()
        return APPROVALS.get(mapped.replace("_", " "))

    def state(self, name: str, category: str) -> State:
        """Our state of a status: by its name in ``states:``, else by its category; ``UNKNOWN`` without either."""
        return self._source.states.get(name.casefold(), _CATEGORIES.get(category, State.UNKNOWN))

    def past_state(self, name: str, number: str) -> State:
        """The same for a status in a changelog: by its name of then, else by its name and category of today.

        A status that was renamed keeps its id, which is how today's name is found.
        """
        configured = self._source.states.get(name.casefold())
        today, category = self._known_status(name, number)
        return configured or self._source.states.get(today) or _CATEGORIES.get(category, State.UNKNOWN)

    def type(self, name: str) -> TicketType:
        """Our type of an issue type."""
        return self._source.types.get(name.casefold(), TicketType.TASK)

    def _priority(self, names: Sequence[str]) -> str:
        known = (self._source.priorities.get(name.casefold()) for name in names)
        return next((str(number) for number in known if number is not None), "")

    def _known_status(self, name: str, number: str) -> tuple[str, str]:
        """A status's name (casefolded) and category as the site tells them today: found by its id, else by its name."""
        if self._known is None:
            self._known = {}
            for status in self._statuses():
                today = part(status, "name").casefold(), part(status.get("statusCategory"), "key")
                self._known |= {today[0]: today, "#" + part(status, "id"): today}
        return self._known.get("#" + number) or self._known.get(name.casefold(), ("", ""))


def _number(field: Field, name: str) -> str:
    match = _LEADING_NUMBER.fullmatch(field.values.get(name.casefold(), name))
    return match[1].lstrip("0") if match and 1 <= int(match[1]) <= _HIGHEST[field.ours] else ""
