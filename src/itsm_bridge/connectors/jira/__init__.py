"""Jira Cloud and Jira Data Center: ids by JQL, details and changelogs by id, one PUT an issue."""

from itsm_bridge.connectors.jira.connector import JiraConnector, connect

__all__ = ["JiraConnector", "connect"]
