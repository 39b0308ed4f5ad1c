"""REST v3 for one issue: reading, editing, moving, its changelog and its properties."""

from __future__ import annotations

from itsm_bridge.sandbox.web import Response

from . import render
from .edit import EditError, edit, move
from .exchange import Exchange, errors


def show(exchange: Exchange) -> Response:
    """``GET issue/{id or key}``."""
    issue = exchange.issue()
    fields, expand = exchange.listed("fields") or ["*all"], exchange.listed("expand")
    shown = render.bean(exchange.site, issue, exchange.base, fields, exchange.listed("properties"))
    shown = exchange.without_hidden(shown)
    if "changelog" in expand:
        shown["changelog"] = render.embedded(issue, render.EMBEDDED_CHANGELOG)
    if "editmeta" in expand:
        shown["editmeta"] = render.edit_metadata(exchange.site, issue)
    if "names" in expand:
        shown["names"] = {one.id: one.name for one in exchange.site.fields.values()}
    return Response(200, shown)


def change(exchange: Exchange) -> Response:
    """``PUT issue/{id or key}``."""
    issue = exchange.issue()
    try:
        edit(exchange.site, issue, exchange.without_deaf(exchange.body()), exchange.author(), exchange.now)
    except EditError as refusal:
        return errors(400, **refusal.errors)
    if exchange.request.query.get("returnIssue") == "true":
        return Response(200, exchange.without_hidden(render.bean(exchange.site, issue, exchange.base, ["*all"])))
    return Response(204)


def remove(exchange: Exchange) -> Response:
    """``DELETE issue/{id or key}``."""
    exchange.site.remove(exchange.issue(), exchange.now)
    return Response(204)


def edit_metadata(exchange: Exchange) -> Response:
    """``GET issue/{id or key}/editmeta``."""
    return Response(200, render.edit_metadata(exchange.site, exchange.issue()))


def changelog(exchange: Exchange) -> Response:
    """``GET issue/{id or key}/changelog``: the oldest first."""
    return Response(200, exchange.page(exchange.issue().histories, 100))


def transitions(exchange: Exchange) -> Response:
    """``GET issue/{id or key}/transitions``: any status may follow any other."""
    exchange.issue()
    every = [render.status(one, exchange.base) for one in exchange.site.statuses.values()]
    return Response(200, {"transitions": [{"id": one["id"], "name": one["name"], "to": one} for one in every]})


def transition(exchange: Exchange) -> Response:
    """``POST issue/{id or key}/transitions``."""
    issue = exchange.issue()
    wanted = str((exchange.body().get("transition") or {}).get("id", ""))
    if wanted not in exchange.site.statuses:
        return errors(400, f"Transition id '{wanted}' is not valid for this issue.")
    move(exchange.site, issue, wanted, exchange.author(), exchange.now)
    return Response(204)


def get_property(exchange: Exchange) -> Response:
    """``GET issue/{id or key}/properties/{key}``."""
    kept = exchange.issue().properties
    if exchange.key not in kept:
        return errors(404, f"The property with key '{exchange.key}' is not found.")
    return Response(200, {"key": exchange.key, "value": kept[exchange.key]})


def set_property(exchange: Exchange) -> Response:
    """``PUT issue/{id or key}/properties/{key}``; it does not move the issue's ``updated``."""
    kept = exchange.issue().properties
    known = exchange.key in kept
    try:
        kept[exchange.key] = exchange.request.json()
    except ValueError as fault:
        return errors(400, str(fault))
    return Response(200 if known else 201)
