"""What ``doctor`` looks at in Jira: projects, fields, names, and what could be written; nothing is written."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import itsm_bridge.connectors.jira.jql as jql
from itsm_bridge.config.model import Jira, Vendor
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Check
from itsm_bridge.connectors.checks import guarded, suggestion
from itsm_bridge.connectors.jira.documents import part, texts
from itsm_bridge.connectors.jira.fields import configured, field_id
from itsm_bridge.connectors.jira.permissions import NAME, permissions
from itsm_bridge.connectors.jira.service_desk import is_service_desk
from itsm_bridge.connectors.jira.site import Json, Site
from itsm_bridge.connectors.jira.worklogs import FIELD as WORKLOG
from itsm_bridge.errors import BridgeError


class Doctor:
    """The checks of one site, one line each."""

    def __init__(self, source: Jira, vendors: Mapping[str, Vendor], site: Site) -> None:
        self._source, self._vendors, self._site = source, vendors, site

    def checks(self) -> Iterator[Check]:
        """Every check after the connection."""
        for key in self._source.projects:
            yield guarded(f"project {key}", functools.partial(self._project, key))
        yield guarded(NAME, functools.partial(permissions, self._source, self._site))
        yield guarded("fields", self._fields)
        yield guarded("statuses", self._statuses)
        yield guarded("priorities", self._priorities)
        if self._source.write.votes:
            yield guarded("approvals", self._approvals)
        if self._source.worklogs:
            yield guarded("worklogs", self._worklogs)
        for key in self._source.projects:
            yield guarded(f"project {key}: writing", functools.partial(self._writing, key))

    def _project(self, key: str) -> Check:
        self._site.project(key)
        return Check(f"project {key}", "ok", "can be seen")

    def _approvals(self) -> Check:
        """Whether approvals of service desks can be read; the bridge never answers one."""
        desks = [key for key in self._source.projects if is_service_desk(self._site.project(key))]
        if not desks:
            fix = "take via: service_management out of write: in bridge.yaml, or name a service desk in projects:"
            return Check("approvals", "warning", "none of the projects is a service desk, so that none are found", fix)
        for one in self._site.newest(jql.within(desks, "updated", None)):
            try:
                self._site.of_request(part(one, "id"), "approval", 0)
            except ReadRefused as refusal:
                if refusal.status != 404:
                    raise
        return Check("approvals", "ok", f"can be read in {', '.join(desks)}; votes are never cast")

    def _fields(self) -> Check:
        """Whether each configured field is there, once."""
        known = self._site.fields()
        faults = []
        for mapping in configured(self._source).values():
            try:
                field_id(self._source.name, mapping.name, known)
            except BridgeError as error:
                faults.append(error.message.partition(": ")[2])
        if faults:
            return Check(
                "fields", "failure", "; ".join(dict.fromkeys(faults)), "correct fields: and write: in bridge.yaml"
            )
        return Check("fields", "ok", f"{len(configured(self._source))} fields are there")

    def _worklogs(self) -> Check:
        """Whether there is a field of worklogs at all."""
        if any(part(one, "id") == WORKLOG for one in self._site.fields()):
            return Check("worklogs", "ok", "can be read")
        fix = "switch time tracking on in Jira, or take worklogs: out of bridge.yaml"
        return Check("worklogs", "failure", "Jira has no worklogs, or hides them from the account", fix)

    def _statuses(self) -> Check:
        return _named("statuses", self._source.states, self._site.statuses())

    def _priorities(self) -> Check:
        return _named("priorities", self._source.priorities, self._site.priorities())

    def _writing(self, key: str) -> Check:
        """Whether the fields that we write can be written to an issue of the project, with every vendor's name."""
        name = f"project {key}: writing"
        found = self._site.newest(jql.within([key], "updated", None))
        if not found:
            return Check(
                name,
                "warning",
                "no issue can be seen, so that writing cannot be checked",
                "look at the account's roles",
            )
        metadata: Json = self._site.edit_metadata(part(found[0], "id"))["fields"]
        faults = list(self._faults(metadata))
        if faults:
            return Check(
                name, "failure", "; ".join(faults), "put the fields on the edit screen, and the options into the fields"
            )
        return Check(name, "ok", f"{', '.join(self._source.writable) or 'nothing'} can be written")

    def _faults(self, metadata: Json) -> Iterator[str]:
        known = self._site.fields()
        for ours in self._source.writable:
            number = field_id(self._source.name, configured(self._source)[ours].name, known)
            offered = metadata.get(number)
            if not isinstance(offered, Mapping):
                yield f"{ours} ({number}) is not on the edit screen"
            elif ours == "vendor":
                yield from self._missing_vendors(texts(offered.get("allowedValues")))

    def _missing_vendors(self, options: Sequence[str]) -> Iterator[str]:
        folded = {option.casefold() for option in options}
        for vendor in self._vendors.values():
            name = vendor.names.get(self._source.name)
            if name is not None and name.casefold() not in folded:
                yield f"vendor {vendor.name}: no option is called {name!r}{suggestion(name, options)}"


def _named(what: str, configured: Iterable[str], known: Sequence[Json]) -> Check:
    names = [part(one, "name") for one in known]
    folded = {name.casefold() for name in names}
    missing = [f"{name!r}{suggestion(name, names)}" for name in configured if name not in folded]
    if missing:
        return Check(
            what, "failure", f"Jira has none called {'; '.join(missing)}", f"correct {_KEYS[what]} in bridge.yaml"
        )
    return Check(what, "ok", "every configured name is there")


_KEYS = {"statuses": "states:", "priorities": "priorities:"}
