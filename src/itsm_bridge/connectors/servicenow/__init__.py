"""ServiceNow over the Table API: tables walked by keyset, history from ``sys_audit``, one PATCH a ticket."""

from itsm_bridge.connectors.servicenow.connector import ServiceNowConnector, connect

__all__ = ["ServiceNowConnector", "connect"]
