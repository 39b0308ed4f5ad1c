"""REST about the time booked on an issue: listing, booking and deleting. Each booking changes the issue itself."""

from __future__ import annotations

from datetime import datetime

from itsm_bridge.sandbox.web import Response

from .exchange import Exchange, errors, whole
from .site import Issue, Json, Site, instant, person, stamp

MOST = 5_000


def listed(exchange: Exchange) -> Response:
    """``GET issue/{id or key}/worklog``: the oldest first."""
    booked = exchange.issue().worklogs
    start = whole(exchange.request.query.get("startAt"), 0)
    size = min(whole(exchange.request.query.get("maxResults"), MOST), MOST)
    some = booked[start : start + size]
    return Response(200, {"startAt": start, "maxResults": size, "total": len(booked), "worklogs": some})


def book(exchange: Exchange) -> Response:
    """``POST issue/{id or key}/worklog``."""
    issue, body = exchange.issue(), exchange.body()
    seconds, comment = body.get("timeSpentSeconds"), body.get("comment")
    try:
        started = instant(str(body.get("started") or stamp(exchange.now)))
    except ValueError:
        return errors(400, started="The date is not in the format yyyy-MM-ddTHH:mm:ss.SSSZ.")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        return errors(400, timeSpentSeconds="The time spent must be a positive number of seconds.")
    booked = booking(exchange.site, issue, exchange.author(), started, seconds, exchange.now)
    if comment is not None:
        booked["comment"] = comment
    return Response(201, {**booked, "self": f"{exchange.base}/rest/api/3/issue/{issue.id}/worklog/{booked['id']}"})


def remove(exchange: Exchange) -> Response:
    """``DELETE issue/{id or key}/worklog/{id}``."""
    issue = exchange.issue()
    kept = [one for one in issue.worklogs if one["id"] != exchange.key]
    if len(kept) == len(issue.worklogs):
        return errors(404, f"Cannot find worklog with id: '{exchange.key}'.")
    _change(exchange.site, issue, kept, exchange.author(), exchange.now)
    return Response(204)


def booking(site: Site, issue: Issue, author: Json, started: datetime, seconds: int, at: datetime) -> Json:  # noqa: PLR0917 (all that a booking is)
    """Book time on an issue; the worklog as Jira shows it."""
    who = person(author)
    booked: Json = {
        "id": site.next_worklog_id(),
        "issueId": str(issue.id),
        "author": who,
        "updateAuthor": who,
        "created": stamp(at),
        "updated": stamp(at),
        "started": stamp(started),
        "timeSpent": f"{seconds // 60}m",
        "timeSpentSeconds": seconds,
    }
    _change(site, issue, [*issue.worklogs, booked], author, at)
    return booked


def _change(site: Site, issue: Issue, worklogs: list[Json], author: Json, at: datetime) -> None:
    before, after = (sum(one["timeSpentSeconds"] for one in each) for each in (issue.worklogs, worklogs))
    site.remember(issue, at)
    issue.worklogs = worklogs
    spent = {"from": str(before), "fromString": str(before), "to": str(after), "toString": str(after)}
    site.record(issue, [{"field": "timespent", "fieldtype": "jira", "fieldId": "timespent", **spent}], author, at)
