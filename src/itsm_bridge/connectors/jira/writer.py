"""Writing to Jira: one PUT with all of our fields of an issue and the intent's marker as a property, then the notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from itsm_bridge.config.model import Jira, Vendor
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Write
from itsm_bridge.connectors.jira.comments import Comments
from itsm_bridge.connectors.jira.documents import part, texts_of_one
from itsm_bridge.connectors.jira.fields import Field
from itsm_bridge.connectors.jira.site import Json, Site
from itsm_bridge.connectors.jira.values import APPROVALS
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import OutcomeUnknown, WriteRefused
from itsm_bridge.model import Ticket

PROPERTY = "itsm-bridge"


class Writer:
    """All writing to one site. Values are sent by the ids that the issue's own metadata allows."""

    def __init__(
        self,
        source: Jira,
        vendors: Mapping[str, Vendor],
        site: Site,
        fields: Callable[[], Sequence[Field]],
        comments: Comments,
    ) -> None:
        self._source, self._vendors, self._site, self._fields = source, vendors, site, fields
        self._comments = comments

    def push(self, write: Write) -> None:
        """See ``Connector.push``."""
        if whole(write.ticket.external_id) is None:
            raise WriteRefused(f"{write.ticket.id} has no id to write to; nothing was written")
        if write.values:
            self._edit(write)
        for place, note in enumerate(write.notes):
            try:
                self._comments.add(write.ticket, note)
            except WriteRefused as refusal:
                if not write.values and place == 0:
                    raise
                raise OutcomeUnknown(
                    f"{write.ticket.id}: a part was written, then a note was refused: {refusal}"
                ) from None

    def notes(self, ticket: Ticket) -> frozenset[str]:
        """See ``Connector.notes``."""
        return self._comments.markers_on(ticket)

    def _edit(self, write: Write) -> None:
        fields = {field.ours: field for field in self._fields()}
        metadata = self._metadata(write.ticket)
        values = {}
        for ours, value in write.values.items():
            if ours not in self._source.writable:
                raise WriteRefused(
                    f"{write.ticket.id}: {ours} is not written to {self._source.name}; see write: in bridge.yaml"
                )
            values[fields[ours].id] = self._value(write.ticket, fields[ours], value, metadata)
        marker = {"intent": write.marker, "fields": sorted(write.values)}
        self._site.edit(
            write.ticket.external_id, {"fields": values, "properties": [{"key": PROPERTY, "value": marker}]}
        )

    def _metadata(self, ticket: Ticket) -> Json:
        """What may be written to the issue, by field id."""
        try:
            found: Json = self._site.edit_metadata(ticket.external_id)["fields"]
        except ReadRefused as refusal:
            if refusal.status not in {403, 404, 410}:
                raise
            raise WriteRefused(f"{ticket.id} is gone, hidden or closed to the account; nothing was written") from None
        return found

    def _value(self, ticket: Ticket, field: Field, value: str | int, metadata: Json) -> object:
        """A value as Jira takes it. Raises ``WriteRefused`` for one that the issue does not allow."""
        offered = metadata.get(field.id)
        if not isinstance(offered, Mapping):
            raise WriteRefused(
                f"{ticket.id}: {field.ours} cannot be edited: field {field.id} is not on the edit screen, "
                "or the account lacks the permission to edit; nothing was written"
            )
        if value == "":
            return None
        names = self._names(ticket, field, value)
        allowed = offered.get("allowedValues")
        if allowed is None and part(offered.get("schema"), "type") == "string":
            return names[0]
        folded = [name.casefold() for name in names]
        for one in allowed if isinstance(allowed, list) else ():
            called = {text.casefold() for text in texts_of_one(one)}
            if called.intersection(folded) and part(one, "id"):
                return {"id": part(one, "id")}
        raise WriteRefused(
            f"{ticket.id}: {field.ours} {value!r} is not among the values that Jira allows; nothing was written"
        )

    def _names(self, ticket: Ticket, field: Field, value: str | int) -> list[str]:
        """What Jira may call a value of ours, without regard to case."""
        names = [theirs for theirs, ours in field.values.items() if ours == str(value)]
        if field.ours == "priority":
            names += [name for name, number in self._source.priorities.items() if number == value]
        elif field.ours == "approval":
            names += [name.capitalize() for name, state in APPROVALS.items() if state == value]
        elif str(value) in self._vendors and self._source.name in self._vendors[str(value)].names:
            names.append(self._vendors[str(value)].names[self._source.name])
        if not names:
            raise WriteRefused(
                f"{ticket.id}: {field.ours} {value!r} has no name in {self._source.name}; nothing was written"
            )
        return names
