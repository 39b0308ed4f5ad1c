"""REST v3 about the site itself: server, account, fields, statuses, priorities, projects, permissions."""

from __future__ import annotations

from itsm_bridge.sandbox.web import Response

from . import render
from .exchange import Exchange, errors
from .site import Json, person, stamp


def server_info(exchange: Exchange) -> Response:
    """``GET serverInfo``."""
    info = {
        "baseUrl": exchange.base,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100290,
        "buildDate": "2026-10-01T00:00:00.000+0000",
        "serverTime": stamp(exchange.now),
        "scmInfo": "sandbox",
        "serverTitle": "itsm-bridge sandbox",
    }
    return Response(200, info)


def myself(exchange: Exchange) -> Response:
    """``GET myself``."""
    return Response(200, {**person(exchange.author()), "timeZone": str(exchange.site.zone), "locale": "en_IN"})


def users(exchange: Exchange) -> Response:
    """``GET user/bulk``: the accounts of these ids; who is not there is left out."""
    wanted = set(exchange.listed("accountId"))
    found = [person(user) for number, user in exchange.site.users.items() if number in wanted]
    return Response(200, exchange.page(found, 200))


def fields(exchange: Exchange) -> Response:
    """``GET field``."""
    return Response(200, [render.field(one) for one in exchange.site.fields.values()])


def statuses(exchange: Exchange) -> Response:
    """``GET status``."""
    return Response(200, [render.status(one, exchange.base) for one in exchange.site.statuses.values()])


def status_search(exchange: Exchange) -> Response:
    """``GET statuses/search``."""
    return Response(200, exchange.page([render.status_bean(one) for one in exchange.site.statuses.values()], 200))


def priorities(exchange: Exchange) -> Response:
    """``GET priority``."""
    return Response(200, list(exchange.site.priorities.values()))


def types(exchange: Exchange) -> Response:
    """``GET issuetype``."""
    return Response(200, list(exchange.site.types.values()))


def _projects(exchange: Exchange) -> list[Json]:
    seen = [one for one in exchange.site.projects.values() if one["key"] not in exchange.trouble.faults.hidden]
    return [render.project(exchange.site, one, exchange.base) for one in seen]


def projects(exchange: Exchange) -> Response:
    """``GET project``."""
    return Response(200, _projects(exchange))


def project_search(exchange: Exchange) -> Response:
    """``GET project/search``."""
    return Response(200, exchange.page(_projects(exchange), 50))


def project(exchange: Exchange) -> Response:
    """``GET project/{key or id}``."""
    for one in _projects(exchange):
        if exchange.name == one["id"] or exchange.name.casefold() == one["key"].casefold():
            return Response(200, one)
    return errors(404, f"No project could be found with key '{exchange.name}'.")


GRANTED = frozenset({
    "BROWSE_PROJECTS", "EDIT_ISSUES", "CREATE_ISSUES", "ASSIGN_ISSUES", "ASSIGNABLE_USER", "TRANSITION_ISSUES",
    "ADD_COMMENTS", "WORK_ON_ISSUES", "LINK_ISSUES", "RESOLVE_ISSUES", "CLOSE_ISSUES", "SCHEDULE_ISSUES",
})  # fmt: skip
"""What everybody may do: the work of an agent, and nothing of an administrator's."""

GLOBAL = frozenset({"ADMINISTER", "SYSTEM_ADMIN", "BULK_CHANGE", "USER_PICKER"})


def permissions(exchange: Exchange) -> Response:
    """``GET mypermissions``, by name."""
    asked = exchange.listed("permissions")
    if not asked:
        return errors(400, "The 'permissions' query parameter is required.")
    shown: Json = {
        key: {"id": str(number), "key": key, "name": key.replace("_", " ").capitalize(), "description": ""}
        | {"type": "GLOBAL" if key in GLOBAL else "PROJECT"}
        | {"havePermission": key in GRANTED}
        for number, key in enumerate(asked, 10)
    }
    return Response(200, {"permissions": shown})
