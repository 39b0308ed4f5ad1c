"""What the account may do in Jira, against what it is there for: too little stops it, too much is a risk for nothing.

The keys of the permissions are Jira's own, the same on Cloud and on Data Center.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from itsm_bridge.config.model import Jira
from itsm_bridge.connectors.base import Check
from itsm_bridge.connectors.jira.site import Json, Site

NAME = "permissions"
READING: Mapping[str, str] = {"BROWSE_PROJECTS": "see issues"}
WRITING: Mapping[str, str] = {"EDIT_ISSUES": "edit issues"}

EXCESS: Mapping[str, str] = {
    "ADMINISTER": "administer Jira",
    "ADMINISTER_PROJECTS": "administer the project",
    "DELETE_ISSUES": "delete issues",
    "MOVE_ISSUES": "move issues",
    "DELETE_ALL_COMMENTS": "delete anybody's comments",
    "DELETE_ALL_WORKLOGS": "delete anybody's worklogs",
    "DELETE_ALL_ATTACHMENTS": "delete anybody's attachments",
}
"""What the bridge never does."""

SERVER_EXCESS: Mapping[str, str] = {"SYSTEM_ADMIN": "administer the whole system"}
"""The same, which Cloud does not know and refuses to be asked about."""


def permissions(source: Jira, site: Site) -> Check:
    """Whether the account may do what is configured, in every project, and nothing worse."""
    writes = bool(source.writable)
    needed = {**READING, **(WRITING if writes else {})}
    excess = {**EXCESS, **({} if writes else WRITING)}
    told = {key: site.permissions(key, (*needed, *excess)) for key in source.projects}
    missing = [f"{key}: may not {what}" for key, all_ in told.items() for what in _among(needed, all_, have=False)]
    if missing:
        fix = "grant it to the account's role in the permission scheme of the project"
        return Check(NAME, "failure", "; ".join(missing), fix)
    more = [f"{key}: may {what}" for key, all_ in told.items() for what in _among({**excess, **SERVER_EXCESS}, all_)]
    if more:
        fix = "use an account without them: the bridge never needs any of these"
        return Check(NAME, "warning", f"more than it needs: {'; '.join(more)}", fix)
    return Check(NAME, "ok", f"may {' and '.join(needed.values())} in every project, and nothing more that matters")


def _among(wanted: Mapping[str, str], told: Json, *, have: bool = True) -> Iterator[str]:
    """What of ``wanted`` the account has, or has not."""
    for key, what in wanted.items():
        one = told.get(key)
        if (isinstance(one, dict) and one.get("havePermission") is True) is have:
            yield what
