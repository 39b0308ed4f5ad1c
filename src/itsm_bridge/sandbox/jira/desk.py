"""Jira Service Management about one request: its approvals and its SLAs, told from the issue's own history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from itsm_bridge.sandbox.web import Response

from .exchange import Exchange, RefusalError, errors
from .site import Issue, Json, instant, person, stamp

GOALS = {"1": 4, "2": 8, "3": 24, "4": 72, "5": 120}
"""Hours to the resolution by the priority's id; a third one where a site has others."""
PAUSED_IN = "waiting for customer"
_DECISIONS = {"requested": "pending", "approved": "approved", "rejected": "declined"}
_NO_REQUEST = "The request with ID '{name}' could not be found, or you do not have permission to view it."


def _request(exchange: Exchange) -> Issue:
    """The issue, if it is a request: only projects of a service desk have them. Raises ``RefusalError``."""
    issue = exchange.find(exchange.name)
    project = exchange.site.projects.get(issue.project, {}) if issue else {}
    if issue is None or project.get("projectTypeKey") != "service_desk":
        message = _NO_REQUEST.format(name=exchange.name)
        raise RefusalError(Response(404, {**_body(errors(404)), "errorMessage": message}))
    return issue


def _body(response: Response) -> Json:
    return dict(response.body) if isinstance(response.body, dict) else {}


def _paged(values: list[Json]) -> Response:
    return Response(200, {"size": len(values), "start": 0, "limit": 50, "isLastPage": True, "values": values})


def approvals(exchange: Exchange) -> Response:
    """``GET request/{id or key}/approval``: every time the approval was asked for, and what was decided."""
    issue = _request(exchange)
    values: list[Json] = []
    for at, author, decision in _decisions(exchange, issue):
        if decision == "pending" or not values or values[-1]["finalDecision"] != "pending":
            values.append({"id": str(len(values) + 1), "name": "Approval", "createdDate": _date(at), "approvers": []})
        values[-1] |= {"finalDecision": decision, "canAnswerApproval": False}
        if decision != "pending":
            values[-1] |= {"completedDate": _date(at)}
            values[-1]["approvers"] = [{"approver": person(author), "approverDecision": decision}]
    return _paged(values)


def _decisions(exchange: Exchange, issue: Issue) -> Iterator[tuple[datetime, Json, str]]:
    ids = {one.id for one in exchange.site.fields.values() if one.is_custom and one.name.casefold() == "approval"}
    for entry in issue.histories:
        for item in entry["items"]:
            decision = _DECISIONS.get(str(item.get("toString", "")).casefold())
            if item.get("fieldId") in ids and decision:
                yield instant(entry["created"]), entry["author"], decision


def slas(exchange: Exchange) -> Response:
    """``GET request/{id or key}/sla``: the time to the resolution, a cycle for every time that it was open."""
    issue = _request(exchange)
    goal = timedelta(hours=GOALS.get(str((issue.fields.get("priority") or {}).get("id")), 24))
    completed, started = [], issue.created
    open_now = True
    for at, done in _resolutions(issue):
        if done and open_now:
            completed.append({**_cycle(started, at, goal), "stopTime": _date(at)})
        elif not done:
            started = at
        open_now = not done
    value: Json = {"id": "1", "name": "Time to resolution", "completedCycles": completed}
    if open_now:
        paused = str(issue.fields["status"]["name"]).casefold() == PAUSED_IN
        ongoing = {"paused": paused, "withinCalendarHours": True}
        value["ongoingCycle"] = {**_cycle(started, exchange.now, goal), **ongoing}
    return _paged([value])


def _resolutions(issue: Issue) -> Iterator[tuple[datetime, bool]]:
    for entry in issue.histories:
        for item in entry["items"]:
            if item.get("fieldId") == "resolution" or item["field"] == "resolution":
                yield instant(entry["created"]), bool(item.get("toString"))


def _cycle(started: datetime, until: datetime, goal: timedelta) -> Json:
    elapsed = until - started
    return {
        "startTime": _date(started),
        "breachTime": _date(started + goal),
        "breached": elapsed > goal,
        "goalDuration": _duration(goal),
        "elapsedTime": _duration(elapsed),
        "remainingTime": _duration(goal - elapsed),
    }


def _duration(length: timedelta) -> Json:
    minutes = int(abs(length).total_seconds() // 60)
    sign = "-" if length < timedelta() else ""
    friendly = f"{sign}{minutes // 60}h {minutes % 60}m"
    return {"millis": int(length.total_seconds() * 1000), "friendly": friendly}


def _date(at: datetime) -> Json:
    shown = stamp(at)
    iso = f"{shown[:19]}{shown[-5:]}"
    return {
        "iso8601": iso,
        "jira": shown,
        "friendly": f"{at:%d/%b/%y %H:%M}",
        "epochMillis": int(at.timestamp() * 1000),
    }
