"""``bridge.yaml``: where tickets come from, where records are kept, and how far one run may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import FIELDS
from itsm_bridge.config.atoms import FOLDED, TEXT, ZONE, Percent, Seconds
from itsm_bridge.config.condition_decoding import CUSTOM_PREFIX, value_of
from itsm_bridge.config.decoding import (
    Context,
    Converted,
    Decoder,
    Flag,
    Integer,
    MappingOf,
    OneOf,
    Parsed,
    SequenceOf,
    Text,
    one_of,
)
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode
from itsm_bridge.config.findings import Code, nearest, quote
from itsm_bridge.config.literals import parse_scope, parse_store, parse_url
from itsm_bridge.config.model import (
    FieldMapping,
    Jira,
    JiraWrite,
    Limits,
    Metrics,
    Notify,
    Ownership,
    Position,
    Reports,
    ServiceNow,
    ServiceNowWrite,
    Source,
)
from itsm_bridge.config.records import Choice, Key, Keyed, Record
from itsm_bridge.config.reports_key import REPORTS
from itsm_bridge.config.telling_keys import METRICS, NOTIFY
from itsm_bridge.model import State, TicketType


@dataclass(frozen=True, slots=True)
class Bridge:
    """What ``bridge.yaml`` says."""

    store: str
    timezone: ZoneInfo
    sources: Mapping[str, Source]
    limits: Limits
    ownership: Mapping[str, Ownership]
    reports: Reports
    metrics: Metrics | None
    notify: Notify


# --- fields ------------------------------------------------------------------------------------------------------

MAPPED: Final = frozenset(
    {
        *("environment", "service", "category", "subcategory", "ci", "summary", "description", "labels", "reporter"),
        *("assignee", "group", "impact", "urgency", "priority", "approval", "vendor", "due"),
    }
)
"""Our fields that ``fields:`` may take from a field of the source; what it names beyond is ``custom.<name>``."""

_CUSTOM_NAME: Final = Text("the name of a custom field", "[a-z][a-z0-9_-]{0,59}", "small letters, digits, _ and -")


def _field_mapping(key: ScalarNode, context: Context) -> Decoder[FieldMapping]:
    name = key.text
    if name in FIELDS and name not in MAPPED:
        raise context.refuse(key.position, Code.NOT_ALLOWED, f"{quote(name)} is not read from a field of the source")
    if name not in MAPPED:
        _note_custom(key, context)
    return SourceField(TEXT if name not in FIELDS else Converted(value_of(name, FIELDS[name]), str))


def _note_custom(key: ScalarNode, context: Context) -> None:
    bare = key.text.removeprefix(CUSTOM_PREFIX)
    if bare != key.text:
        message = f"{quote(key.text)} is called {quote(bare)} here; rules call it {quote(key.text)}"
        raise context.refuse(key.position, Code.BAD_FORM, message, suggestion=bare)
    _CUSTOM_NAME.read(key, context)
    meant = nearest(key.text, MAPPED, likeness=0.85)
    if meant is not None:
        message = f"{quote(key.text)} is none of our fields, and will be custom.{key.text}"
        context.warn(key.position, Code.UNKNOWN_KEY, message, suggestion=meant)


@dataclass(frozen=True, slots=True)
class SourceField(Decoder[FieldMapping]):
    """The source's field by its name or id, or ``{from: …, map: {their value: ours}}``."""

    value: Decoder[str]

    def _decode(self, node: Node, context: Context) -> FieldMapping:
        if isinstance(node, ScalarNode):
            return FieldMapping(TEXT.read(node, context), MappingProxyType({}))
        values = MappingOf(FOLDED, self.value, "values", least=1)
        keys = (Key("from", TEXT, into="name"), Key("map", values, MappingProxyType({}), into="values"))
        return Record("a field", FieldMapping, keys).read(node, context)


# --- sources -----------------------------------------------------------------------------------------------------

FIELD_MAPPINGS: Final = Keyed("fields", _field_mapping)
STATE: Final = one_of("a state", (state for state in State if state is not State.UNKNOWN))
EVERY_TABLE: Final = ""


@dataclass(frozen=True, slots=True)
class TableStates(Decoder[Mapping[str, Mapping[str, State]]]):
    """States by table; a flat map, which serves every table, stands under ``EVERY_TABLE``."""

    def _decode(self, node: Node, context: Context) -> Mapping[str, Mapping[str, State]]:
        flat = MappingOf(TEXT, STATE, "states", least=1)
        if isinstance(node, MappingNode) and any(isinstance(value, MappingNode) for _, value in node.entries):
            return MappingOf(TEXT, flat, "tables").read(node, context)
        return {EVERY_TABLE: flat.read(node, context)}


def _service_now(
    *,
    name: str,
    url: str,
    tables: tuple[str, ...],
    scope: str,
    fields: Mapping[str, FieldMapping],
    states: Mapping[str, Mapping[str, State]],
    write: ServiceNowWrite,
    transport: str,
    native_slas: bool,
    journals: bool,
    choice_labels: bool,
    position: Position,
) -> ServiceNow:
    by_table = dict.fromkeys(tables, states[EVERY_TABLE]) if EVERY_TABLE in states else states
    return ServiceNow(
        name,
        url,
        tables,
        scope,
        fields,
        MappingProxyType(dict(by_table)),
        write,
        position,
        transport,
        native_slas,
        journals,
        choice_labels,
    )


def _check_tables(source: Source, node: MappingNode, context: Context) -> None:
    states = node.get("states")
    if not isinstance(source, ServiceNow) or not isinstance(states, MappingNode):
        return
    strange = [key for key, value in states.entries if isinstance(value, MappingNode) and key.text not in source.tables]
    for key in strange:
        message = f"{quote(key.text)} is none of the tables that are read"
        context.refuse_word(key, Code.UNKNOWN_NAME, message, source.tables)
    meant = {nearest(key.text, source.tables) for key in strange}
    missing = [table for table in source.tables if table not in source.states and table not in meant]
    if missing:
        message = f"no states are given for {', '.join(missing)}; its tickets could never be decided"
        context.refuse(states.position, Code.INCOMPLETE, message)


def _itself(via: str) -> str:
    return via


def _field_itself(field: str) -> str:
    return field


def _via(what: str, *ways: str) -> Record[str]:
    return Record(what, _itself, (Key("via", OneOf("a way to write it", {way: way for way in ways})),))


_SECRETS: Final = MappingProxyType(
    dict.fromkeys(
        (
            *("username", "user", "password", "email", "token", "api_token", "secret", "credentials", "auth", "oauth"),
            *("client_id", "client_secret", "refresh_token"),
        ),
        ": who we are comes from the environment, such as ITSM_BRIDGE_<SOURCE>__TOKEN",
    )
)
_TABLE: Final = Text("a table", "[a-z][a-z0-9_]*", "its name as in the address, such as sc_req_item")
_PROJECT: Final = Text("the key of a project", "[A-Z][A-Z0-9_]*", "capitals and digits, such as OPS")
_URL: Final = Parsed(parse_url, "an address such as https://example.service-now.com")

_TRANSPORTS: Final = OneOf("a client", {"pysnow": "pysnow", "requests": "requests"})

SERVICENOW: Final = Record(
    "a ServiceNow source",
    _service_now,
    (
        Key("url", _URL),
        Key("tables", SequenceOf(_TABLE, "tables", least=1, distinct=True)),
        Key("scope", Parsed(parse_scope, "an encoded query"), ""),
        Key("fields", FIELD_MAPPINGS, MappingProxyType({})),
        Key("states", TableStates()),
        Key(
            "write",
            Record(
                "write",
                ServiceNowWrite,
                (
                    Key("priority", _via("how priority is written", "impact_urgency", "priority"), None),
                    Key("vendor", TEXT, None),
                    Key("approval", _via("how approval is written", "approver_records", "field"), None),
                ),
            ),
            ServiceNowWrite(),
        ),
        Key("transport", _TRANSPORTS, "pysnow"),
        Key("native_slas", Flag(), default=False),
        Key("journals", Flag(), default=False),
        Key("choice_labels", Flag(), default=False),
    ),
    named=True,
    placed=True,
    tag="kind",
    hints=_SECRETS,
    check=_check_tables,
)

_NO_FIELD: Final = ""
"""What stands for the field of an approval that is Jira Service Management's own."""


def _no_field() -> str:
    return _NO_FIELD


_APPROVAL: Final[Decoder[str]] = Choice(
    "how approval is written",
    "via",
    {
        "field": Record("approval in a field", _field_itself, (Key("field", TEXT),), tag="via"),
        "service_management": Record("approval through Jira Service Management", _no_field, (), tag="via"),
    },
)
_DEPLOYMENT: Final = OneOf("a deployment", {"cloud": "cloud", "data_center": "data_center"})


def _jira_write(priority: str | None, vendor: str | None, approval: str | None) -> JiraWrite:
    return JiraWrite(priority, vendor, approval or None, votes=approval == _NO_FIELD)


def _check_priorities(source: Source, node: MappingNode, context: Context) -> None:
    if not isinstance(source, Jira) or source.write.priority is None:
        return
    missing = [str(number) for number in range(1, 6) if number not in source.priorities.values()]
    key = node.key("priorities")
    place = key.position if key else source.position
    if len(missing) == 5:
        context.refuse(place, Code.INCOMPLETE, "priority is written, and priorities names none of the source's")
    elif missing:
        message = f"no priority of the source stands for {', '.join(missing)}; such a decision cannot be written"
        context.warn(place, Code.INCOMPLETE, message)


JIRA: Final = Record(
    "a Jira source",
    Jira,
    (
        Key("url", _URL),
        Key("deployment", _DEPLOYMENT, "cloud"),
        Key("projects", SequenceOf(_PROJECT, "projects", least=1, distinct=True)),
        Key("fields", FIELD_MAPPINGS, MappingProxyType({})),
        Key("types", MappingOf(FOLDED, one_of("a type", TicketType), "types"), MappingProxyType({})),
        Key("states", MappingOf(FOLDED, STATE, "states"), MappingProxyType({})),
        Key("priorities", MappingOf(FOLDED, Integer(1, 5), "priorities"), MappingProxyType({})),
        Key(
            "write",
            Record(
                "write",
                _jira_write,
                (Key("priority", TEXT, None), Key("vendor", TEXT, None), Key("approval", _APPROVAL, None)),
            ),
            JiraWrite(),
        ),
        Key("worklogs", Flag(), default=False),
        Key("native_slas", Flag(), default=False),
    ),
    named=True,
    placed=True,
    tag="kind",
    hints=_SECRETS,
    check=_check_priorities,
)

# --- the file ----------------------------------------------------------------------------------------------------

_SOURCE_NAME: Final = Text(
    "the name of a source", "[a-z0-9_]{1,40}", "small letters, digits and _, as it becomes part of a variable's name"
)
_CASES: Final[Mapping[str, Decoder[Source]]] = MappingProxyType({"servicenow": SERVICENOW, "jira": JIRA})
_DEFAULTS: Final = Limits()
_OWNED: Final = ("priority", "approval", "vendor")
_OWNERSHIP: Final = one_of("a way to treat a person's change", Ownership)
_YIELDING: Final[Mapping[str, Ownership]] = MappingProxyType(dict.fromkeys(_OWNED, Ownership.YIELD))


def _ownership(priority: Ownership, approval: Ownership, vendor: Ownership) -> Mapping[str, Ownership]:
    return MappingProxyType({"priority": priority, "approval": approval, "vendor": vendor})


BRIDGE: Final = Record(
    "bridge.yaml",
    Bridge,
    (
        Key("store", Parsed(parse_store, "the address of the store"), "sqlite:///var/itsm-bridge.db"),
        Key("timezone", ZONE),
        Key("sources", MappingOf(_SOURCE_NAME, Choice("a source", "kind", _CASES), "sources", least=1)),
        Key(
            "limits",
            Record(
                "limits",
                Limits,
                (
                    Key("max_changes", Integer(0, 1_000_000), _DEFAULTS.max_changes),
                    Key("max_change_percent", Percent(0, 100, bare=True), _DEFAULTS.max_change_percent),
                    Key("max_vanish_percent", Percent(0, 100, bare=True), _DEFAULTS.max_vanish_percent),
                    Key("max_wait", Seconds(), _DEFAULTS.max_wait),
                    Key("max_runtime", Seconds(), _DEFAULTS.max_runtime),
                ),
            ),
            _DEFAULTS,
        ),
        Key(
            "ownership",
            Record("ownership", _ownership, tuple(Key(name, _OWNERSHIP, Ownership.YIELD) for name in _OWNED)),
            _YIELDING,
        ),
        Key("reports", REPORTS, Reports()),
        Key("metrics", METRICS, None),
        Key("notify", NOTIFY, Notify()),
    ),
)
