"""What is true in both stand-ins, for tests that hold a store against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed, as the product's own history tells it; ``place`` is the table that a task was of then."""

    at: datetime
    by: str
    field: str
    old: str
    new: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one approver of a ServiceNow task was asked, and said."""

    id: str
    approver: str
    state: str
    asked: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Truth:
    """One ticket as it is. ``place`` is its table or project, ``fields`` are the product's own."""

    product: str
    id: str
    number: str
    place: str
    created: datetime
    updated: datetime
    fields: Mapping[str, Any]
    history: tuple[Change, ...]
    votes: tuple[Vote, ...] = ()
