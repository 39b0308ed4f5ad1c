"""JSON Schema of the single values that ``literals`` and its like parse: by the function that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from itsm_bridge.config import literals
from itsm_bridge.config.reports_key import LONGEST_WORDS, parse_address, parse_input, parse_server, parse_words
from itsm_bridge.config.service_levels import WHOSE
from itsm_bridge.config.sla_file import parse_calendar_name
from itsm_bridge.config.targets import FORMS, parse_target
from itsm_bridge.config.telling_keys import parse_metrics_file

Schema = dict[str, Any]

ZONES: Final = "zone"
"""The name of the definition that lists every zone, once in a document."""

_LENGTH: Final = r"\d{1,9} ?([smhSMH]|working_days?)"
_CLOCK: Final = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DAY: Final = r"\d{4}-\d\d-\d\d"


def text(pattern: str, *examples: str) -> Schema:
    """A text of that form (ECMA 262, as editors want it)."""
    return {"type": "string", "pattern": f"^{pattern}$"} | ({"examples": list(examples)} if examples else {})


DURATION: Final = text(rf"\s*{_LENGTH}\s*", "90s", "15m", "4h", "3 working_days")
WALL_CLOCK: Final = text(r"\s*\d{1,9} ?[smhSMH]\s*", "90s", "15m", "4h")
PERCENT: Final = text(r"\d{1,4}(\.\d{1,4})? ?%", "50%")

LITERALS: Final[Mapping[Callable[[str], object], Schema]] = MappingProxyType(
    {
        literals.parse_date: text(_DAY, "2026-04-01"),
        literals.parse_instant: text(
            rf"{_DAY}[T ]\d\d:\d\d(:\d\d(\.\d{{1,6}})?)?(Z|[+-]\d\d:\d\d)", "2026-11-02T10:00:00+05:30"
        ),
        literals.parse_time: text(_CLOCK, "09:30"),
        literals.parse_span: text(r"\d\d:\d\d-\d\d:\d\d", "09:30-18:30"),
        literals.parse_weekdays: text(
            r"[A-Za-z]{3}(\s*-\s*[A-Za-z]{3})?(\s*,\s*[A-Za-z]{3}(\s*-\s*[A-Za-z]{3})?)*\s*", "mon-fri"
        ),
        literals.parse_duration: DURATION,
        literals.parse_percent: PERCENT,
        literals.parse_zone: {"$ref": f"#/$defs/{ZONES}"},
        literals.parse_url: text("https?://.+", "https://example.service-now.com"),
        literals.parse_store: text(r"(sqlite:///.+|postgresql\+psycopg://.*)", "sqlite:///var/itsm-bridge.db"),
        literals.parse_scope: {"type": "string", "examples": ["assignment_group.nameSTARTSWITHeGov"]},
        parse_target: text(
            rf"\s*({_LENGTH}|\d{{1,9}} ?working_days? +by +(close|{_CLOCK})( +if +before +{_CLOCK})?|due)\s*", *FORMS
        ),
        parse_calendar_name: {"type": ["string", "number"], "not": {"enum": list(WHOSE)}},
        parse_input: text(r"[^:\\]+\.[cC][sS][vV]", "inputs/uptime.csv"),
        parse_metrics_file: text(r".*[^/]\.prom", "/var/lib/node_exporter/itsm-bridge.prom"),
        parse_server: text(r"[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?", "smtp.example.org:587"),
        parse_address: text("[^@\\s]+@[^@\\s]+", "ops@example.org"),
        parse_words: {"type": ["string", "number"], "maxLength": 4 * LONGEST_WORDS},
    }
)
