"""One request to Jira while it is answered: what the handlers share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from itsm_bridge.sandbox.faults import DEAF_FIELDS, HIDDEN_FIELDS, INDEX_LAG, Trouble
from itsm_bridge.sandbox.web import Request, Response

from .jql import JqlError, Search, read
from .site import Issue, Json, Site

KEPT_WALKS = 256
MISSING_ISSUE = "Issue does not exist or you do not have permission to see it."

UNAUTHENTICATED = Response(
    401,
    {"message": "Client must be authenticated to access this resource.", "status-code": 401},
    {"WWW-Authenticate": 'OAuth realm="sandbox"'},
)


def errors(status: int, /, *messages: str, **fields: str) -> Response:
    """Jira's collection of errors."""
    return Response(status, {"errorMessages": list(messages), "errors": fields})


class RefusalError(Exception):
    """Ends a request with an answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def whole(given: object, default: int) -> int:
    """A number that was sent, or ``default`` for none. Raises ``RefusalError`` for what is no whole number."""
    if given in (None, ""):
        return default
    try:
        return max(0, int(str(given)))
    except ValueError as fault:
        raise RefusalError(errors(400, f"'{given}' is not a whole number.")) from fault


class Walks:
    """What searches have still to hand out, by token; a search keeps what it found when it began."""

    def __init__(self) -> None:
        self._rest: OrderedDict[str, list[int]] = OrderedDict()
        self._count = 0

    def keep(self, rest: list[int]) -> str:
        """A token for the rest of a walk. Only the latest walks are kept."""
        self._count += 1
        token = f"walk-{self._count:08x}"
        self._rest[token] = rest
        while len(self._rest) > KEPT_WALKS:
            self._rest.popitem(last=False)
        return token

    def rest(self, token: str) -> list[int]:
        """What is left behind a token, which may be used again. Raises ``RefusalError`` for one that is not known."""
        if token not in self._rest:
            raise RefusalError(errors(400, "The provided next page token is invalid or expired."))
        return self._rest[token]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request with the site it is about. ``me`` is who asks, if anybody; ``name`` and ``key`` come from the path."""

    request: Request
    site: Site
    now: datetime
    me: Json | None
    walks: Walks
    name: str = ""
    key: str = ""
    trouble: Trouble = field(default_factory=Trouble)

    @property
    def base(self) -> str:
        """The site's address."""
        return self.request.base_url

    def author(self) -> Json:
        """Who asks. Raises ``RefusalError`` where nobody signed in."""
        if self.me is None:
            raise RefusalError(UNAUTHENTICATED)
        return self.me

    def issue(self) -> Issue:
        """The issue that the path names. Raises ``RefusalError``."""
        issue = self.find(self.name)
        if issue is None:
            raise RefusalError(errors(404, MISSING_ISSUE))
        return issue

    def find(self, name: str) -> Issue | None:
        """The issue of that id or key, unless it is hidden."""
        issue = self.site.find(name)
        return None if issue is None or self.hides(issue) else issue

    def hides(self, issue: Issue) -> bool:
        """Whether the caller may not see an issue."""
        return self.trouble.hides(str(issue.id), issue.key, issue.project)

    def indexed(self, current: Sequence[str] = ()) -> Mapping[int, Issue]:
        """The issues as a search sees them; those of the ids in ``current`` are reconciled with what is."""
        lag = self.trouble.faults.index_lag
        if not lag:
            return self.site.issues
        self.trouble.note(INDEX_LAG)
        numbers = [int(one) for one in current if one.isdecimal()]
        return self.site.indexed(numbers, self.now - timedelta(seconds=lag))

    def query(self, jql: str, *, bounded: bool) -> Search:
        """What a query means to the caller. Raises ``RefusalError``."""
        try:
            return read(jql, self.site, self.now, find=self.find, hidden=self.trouble.faults.hidden, bounded=bounded)
        except JqlError as fault:
            raise RefusalError(errors(400, str(fault))) from fault

    def without_hidden(self, bean: Json) -> Json:
        """An issue's bean as the caller may see it."""
        hidden = self.trouble.faults.hidden_fields & bean.get("fields", {}).keys()
        if not hidden:
            return bean
        self.trouble.note(HIDDEN_FIELDS)
        return {**bean, "fields": {name: value for name, value in bean["fields"].items() if name not in hidden}}

    def without_deaf(self, body: Json) -> Json:
        """What of an edit is listened to."""
        deaf = self.trouble.faults.deaf_fields
        parts = {part: body.get(part) or {} for part in ("fields", "update") if part in body}
        if not deaf or all(deaf.isdisjoint(values) for values in parts.values()):
            return body
        self.trouble.note(DEAF_FIELDS)
        heard = {part: {k: v for k, v in values.items() if k not in deaf} for part, values in parts.items()}
        return body | heard

    def body(self) -> Json:
        """The JSON object that was sent. Raises ``RefusalError``."""
        try:
            body = self.request.json()
        except ValueError as fault:
            raise RefusalError(errors(400, f"There was an error parsing JSON: {fault}")) from fault
        if not isinstance(body, dict):
            raise RefusalError(errors(400, "The request body is not a JSON object."))
        return body

    def listed(self, name: str) -> list[str]:
        """A parameter that holds names between commas, or that comes several times."""
        pairs = parse_qsl(urlsplit(self.request.target).query)
        given = [value for key, value in pairs if key == name] or [self.request.query.get(name, "")]
        return [part.strip() for value in given for part in value.split(",") if part.strip()]

    def page(self, values: Sequence[Json], most: int) -> Json:
        """The part of ``values`` that ``startAt`` and ``maxResults`` ask for."""
        start = whole(self.request.query.get("startAt"), 0)
        size = min(whole(self.request.query.get("maxResults"), most), most)
        some = list(values[start : start + size])
        last = start + size >= len(values)
        return {"startAt": start, "maxResults": size, "total": len(values), "isLast": last, "values": some}


Handler = Callable[[Exchange], Response]
