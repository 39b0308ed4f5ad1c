"""What may go wrong with a stand-in, described: nothing does by default, and what does follows a schedule."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .web import Request


class Kind(StrEnum):
    """A fault of one request. Those marked "applied" let the request have its effect first."""

    RATE_LIMITED = "rate_limited"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    GATEWAY_TIMEOUT = "gateway_timeout"
    GATEWAY_TIMEOUT_APPLIED = "gateway_timeout_applied"
    RESET_BEFORE = "reset_before"
    RESET_APPLIED = "reset_applied"
    LOGIN_PAGE = "login_page"
    REDIRECT = "redirect"
    HIBERNATING = "hibernating"
    GZIP_BOMB = "gzip_bomb"
    DEEP_JSON = "deep_json"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a page's token
    REPEATED_TOKEN = "repeated_token"  # noqa: S105 - a page's token
    CANCELLED = "cancelled"
    CANCELLED_WITH_ROWS = "cancelled_with_rows"
    TRUNCATED_JSON = "truncated_json"
    EMPTY_OBJECT = "empty_object"
    EMPTY_ARRAY = "empty_array"
    SHORT_BODY = "short_body"
    SLOW_DRIP = "slow_drip"
    HUNG_UP = "hung_up"
    MIXED_UP = "mixed_up"
    DUPLICATE_ROWS = "duplicate_rows"
    REORDERED_ROWS = "reordered_rows"


SERVER_ERRORS: Mapping[Kind, int] = {
    Kind.BAD_GATEWAY: 502,
    Kind.UNAVAILABLE: 503,
    Kind.GATEWAY_TIMEOUT: 504,
    Kind.GATEWAY_TIMEOUT_APPLIED: 504,
}
"""The faults that come in bursts, with their status."""

INDEX_LAG, HIDDEN_ROWS, HIDDEN_FIELDS = "index_lag", "hidden_rows", "hidden_fields"
DEAF_FIELDS, INVALID_QUERY = "deaf_fields", "invalid_query"


class RetryAfter(StrEnum):
    """How an answer of 429 says how long to wait."""

    SECONDS = "seconds"
    FLOAT = "float"
    DATE = "date"
    NONE = "none"
    ZERO = "zero"
    NEGATIVE = "negative"
    ABSURD = "absurd"


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault for the next ``times`` requests whose "METHOD target" has a match of the pattern ``path``."""

    kind: Kind
    times: int = 1
    path: str = ""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong; the defaults are a world in which nothing does.

    Standing faults: ``index_lag`` seconds for Jira's search (which then sees what was, while direct reads and
    ``reconcileIssues`` see what is); ``hidden`` (sys_ids, numbers, issue ids or keys, and whole tables or projects by
    name) and ``hidden_share`` of all tickets, held back after the limit of a page was applied; ``hidden_fields`` are
    absent from answers; ``deaf_fields`` are accepted and not stored; ``invalid_query_returns_no_rows`` is ServiceNow's
    property of that name; ``page_rows`` is the most that a page of Jira's searches and changelogs holds, whatever was
    asked for (0: as the product has it).

    Faults of requests: ``strikes``; ``every`` n-th request of a product; a ``chance`` by request, between 0 and 1,
    drawn from ``seed``. ``where`` is a pattern that "METHOD target" must match for the last two. A server error that is
    drawn by chance goes on for ``burst`` requests. At most one of them happens to a request.
    """

    index_lag: float = 0.0
    hidden: frozenset[str] = frozenset()
    hidden_share: float = 0.0
    hidden_fields: frozenset[str] = frozenset()
    deaf_fields: frozenset[str] = frozenset()
    invalid_query_returns_no_rows: bool = False
    page_rows: int = 0
    strikes: tuple[Strike, ...] = ()
    every: Mapping[Kind, int] = field(default_factory=dict)
    chance: Mapping[Kind, float] = field(default_factory=dict)
    where: str = ""
    seed: int = 0
    burst: int = 1
    retry_after: RetryAfter = RetryAfter.SECONDS
    wait_seconds: float = 2.0
    limit_headers: bool = True
    redirect_to: str = "https://sso.example/login"
    bytes_per_second: float = 20.0
    bomb_megabytes: int = 200
    depth: int = 10_000

    def capped(self, rows: int) -> int:
        """How many rows a page of Jira holds where ``rows`` are asked for."""
        return min(rows, self.page_rows) if self.page_rows else rows

    @property
    def hides_rows(self) -> bool:
        """Whether any row is held back."""
        return bool(self.hidden) or self.hidden_share > 0


@dataclass(frozen=True, slots=True)
class Draw:
    """A fault that is due; ``strike`` is which one it was, ``None`` where it came by chance or count."""

    kind: Kind
    strike: Strike | None = None


class Trouble:
    """The faults in force, what is left of their schedule, and what happened. Any thread may ask or change it."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._lock = threading.RLock()
        self._faults = Faults()
        self._left: dict[Strike, int] = {}
        self._asked: Counter[str] = Counter()
        self._bursts: dict[str, tuple[Kind, int]] = {}
        self._fired: Counter[str] = Counter()
        self.set(faults or Faults())

    @property
    def faults(self) -> Faults:
        """What is in force."""
        return self._faults

    def set(self, faults: Faults) -> None:
        """Change what is in force. What is left of a strike that was there before stays as it is."""
        for pattern in (faults.where, *(one.path for one in faults.strikes)):
            re.compile(pattern)
        with self._lock:
            before = Counter(self._faults.strikes)
            for strike in faults.strikes:
                if before[strike] > 0:
                    before[strike] -= 1
                else:
                    self._left[strike] = self._left.get(strike, 0) + strike.times
            gone = set(self._faults.strikes) - set(faults.strikes)
            self._left = {one: left for one, left in self._left.items() if one not in gone}
            self._bursts.clear()
            self._faults = faults

    def change(self, how: Callable[[Faults], Faults]) -> None:
        """Replace what is in force by what ``how`` makes of it."""
        with self._lock:
            self.set(how(self._faults))

    def strike(self, strike: Strike) -> None:
        """Let a fault happen to the next requests, after those that are due already."""
        with self._lock:
            self._left[strike] = self._left.get(strike, 0) + strike.times

    @property
    def fired(self) -> Counter[str]:
        """How often each fault happened."""
        with self._lock:
            return Counter(self._fired)

    def note(self, kind: str) -> None:
        """Count a fault that happened."""
        with self._lock:
            self._fired[kind] += 1

    def draw(self, product: str, request: Request, suited: frozenset[Kind]) -> Draw | None:
        """What is due for a request, among the kinds that suit it. A strike is used up, unless it is given back."""
        said = f"{request.method} {request.target or request.path}"
        with self._lock:
            self._asked[product] += 1
            drawn = self._struck(said, suited) or self._burst(product, suited)
            if drawn is None and re.search(self._faults.where, said):
                drawn = self._due(product, suited)
            return drawn

    def give_back(self, draw: Draw) -> None:
        """Undo a draw: what was due could not happen to that answer."""
        if draw.strike is not None:
            with self._lock:
                self._left[draw.strike] = self._left.get(draw.strike, 0) + 1

    def _struck(self, said: str, suited: frozenset[Kind]) -> Draw | None:
        for strike, left in self._left.items():
            if left > 0 and strike.kind in suited and re.search(strike.path, said):
                self._left[strike] = left - 1
                return Draw(Kind(strike.kind), strike)
        return None

    def _burst(self, product: str, suited: frozenset[Kind]) -> Draw | None:
        kind, left = self._bursts.get(product, (Kind.UNAVAILABLE, 0))
        if not left or kind not in suited:
            return None
        self._bursts[product] = (kind, left - 1)
        return Draw(kind)

    def _due(self, product: str, suited: frozenset[Kind]) -> Draw | None:
        number = self._asked[product]
        for kind, every in self._faults.every.items():
            if every > 0 and number % every == 0 and kind in suited:
                return Draw(Kind(kind))
        for kind, chance in self._faults.chance.items():
            if kind in suited and _uniform(f"{self._faults.seed} {product} {kind} {number}") < chance:
                if kind in SERVER_ERRORS:
                    self._bursts[product] = (Kind(kind), self._faults.burst - 1)
                return Draw(Kind(kind))
        return None

    def hides(self, *names: str, by_share: bool = True) -> bool:
        """Whether the record called ``names`` is held back, which is counted; the share goes by the first name."""
        hidden = not self.sees(*names, by_share=by_share)
        if hidden:
            self.note(HIDDEN_ROWS)
        return hidden

    def sees(self, *names: str, by_share: bool = True) -> bool:
        """Whether the bridge may see the record called ``names``."""
        faults = self._faults
        if not faults.hides_rows:
            return True
        if not faults.hidden.isdisjoint(names):
            return False
        share = faults.hidden_share if by_share else 0.0
        return share <= 0 or _uniform(f"{faults.seed} hidden {names[0]}") >= share


def _uniform(text: str) -> float:
    """A number in [0, 1) that depends on nothing but ``text``."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big") / 2**56
