"""Keeps Jira and ServiceNow requests with the right owner, priority and approval, inside their service level."""

__version__ = "0.1.0"
