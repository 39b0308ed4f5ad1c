"""Notes as comments of Jira: internal ones on the requests of a service desk, and which of ours an issue has."""

from __future__ import annotations

from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.jira.documents import document_text
from itsm_bridge.connectors.jira.service_desk import Desks
from itsm_bridge.connectors.jira.site import Json, Site
from itsm_bridge.connectors.notes import body_of, markers_in
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import NoteShown, SourceUnavailable, WriteRefused
from itsm_bridge.model import Note, Ticket

_AUDIENCE = "sd.public.comment"
"""The property by which Jira Service Management keeps a comment from its customers, on both deployments."""


class Comments:
    """The comments of one site."""

    def __init__(self, site: Site, is_desk: Desks) -> None:
        self._site, self._is_desk = site, is_desk

    def markers_on(self, ticket: Ticket) -> frozenset[str]:
        """The markers of our notes on an issue. Raises ``WriteRefused`` where its comments cannot be read."""
        if whole(ticket.external_id) is None:
            raise WriteRefused(f"{ticket.id} has no id to look for notes; nothing was written")
        found: set[str] = set()
        seen, total = 0, 1
        while seen < total:
            page = self._page(ticket, seen)
            comments: list[Json] = page["comments"]
            total = page["total"]
            if not comments and seen < total:
                raise SourceUnavailable(f"{ticket.id}: its comments ended before their end; nothing was written")
            seen += len(comments)
            for comment in comments:
                found |= markers_in(document_text(comment.get("body")))
        return frozenset(found)

    def add(self, ticket: Ticket, note: Note) -> None:
        """Leave a note. Raises ``WriteRefused`` or ``OutcomeUnknown``.

        Raises ``NoteShown`` where the site shows an internal note to customers: there must not be another one.
        """
        body: Json = {"body": self._site.rich_text(body_of(note))}
        if self._is_desk(ticket.project):
            body["properties"] = [{"key": _AUDIENCE, "value": {"internal": not note.public}}]
        made = self._site.comment(ticket.external_id, body)
        if "properties" in body and not note.public and isinstance(made, dict) and made.get("jsdPublic") is True:
            raise NoteShown(
                f"{ticket.id}: the site made an internal comment public, which it does not do for agents; take it off "
                "the ticket; nothing more was written",
                note.marker,
            )

    def _page(self, ticket: Ticket, start: int) -> Json:
        try:
            return self._site.comments(ticket.external_id, start)
        except ReadRefused as refusal:
            if refusal.status not in {403, 404, 410}:
                raise
            raise WriteRefused(f"{ticket.id}: its comments cannot be read; no note was sent") from None
