"""The dashboard: one self-contained page for all environments, and a section for each."""

from __future__ import annotations

from itsm_bridge.report.dashboard.document import dashboard

__all__ = ["dashboard"]
