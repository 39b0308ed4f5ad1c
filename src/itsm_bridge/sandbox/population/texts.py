"""What the made-up tickets say: everyday texts by category, and a few that try to do harm."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

NAMES: Mapping[str, str] = {
    "punjab": "Punjab",
    "ap": "Andhra Pradesh",
    "bihar": "Bihar",
    "odisha": "Odisha",
    "internal": "the programme's own cluster",
    "": "the state",
}
SERVICE_NAMES: Mapping[str, str] = {
    "microservices": "citizen services",
    "erp": "ERP",
    "co-ex": "co-ex exchange",
    "portal": "citizen portal",
    "": "service",
}

OUTAGES: Sequence[str] = (
    "{service} outage in {environment}",
    "{service} site down for citizens of {environment}",
    "Payment gateway unreachable from the {service} of {environment}",
    "Nobody in {environment} can sign in to the {service}",
)
"""Texts of what stops citizens; all but the last hold a word that the rules know, so that goes with its category."""

INCIDENTS: Mapping[str, Sequence[str]] = {
    "software": (
        "Property tax receipt of the {service} shows a wrong amount",
        "Certificates of {environment} are issued without a seal",
        "Grievance form of the {service} loses its attachments",
        "{service} answers with error 500 for {n} of 100 requests",
    ),
    "database": (
        "Replication lag of {n} minutes on the {environment} database",
        "Deadlocks in the nightly billing job of the {service}",
        "Backups of the {environment} database take {n} hours",
    ),
    "network": (
        "Packet loss between {environment} and the data centre",
        "Name resolution in {environment} is slow at peak hours",
    ),
    "performance": (
        "{service} of {environment} needs {n} seconds for a search",
        "Pods of the {service} restart {n} times a day",
    ),
    "security": (
        "Suspicious sign-ins on the admin console of the {service}",
        "Scan finds an old OpenSSL on the {service} of {environment}",
    ),
}
REQUESTS: Mapping[str, Sequence[str]] = {
    "software": (
        "New report on pending {service} cases of {environment}",
        "Export of {environment} cases as a spreadsheet",
    ),
    "database": ("Restore the {service} test data of {environment}", "Larger volume for the {environment} database"),
    "access": ("Read access to the {service} logs of {environment}", "Operator role on the {environment} cluster"),
    "performance": ("More replicas for the {service} before the tax deadline",),
}
CHANGES: Mapping[str, Sequence[str]] = {
    "software": (
        "Upgrade the {service} of {environment} to release 2.{n}",
        "Switch on the new fee rules in {environment}",
    ),
    "database": ("Move the {environment} database to PostgreSQL 17", "Partition the audit tables of the {service}"),
    "network": ("New firewall zone for the {service} of {environment}",),
}
PROBLEMS: Mapping[str, Sequence[str]] = {
    "performance": ("Memory of the {service} grows until it is restarted",),
    "database": ("Connection pool of the {service} runs dry every Monday",),
}
TASKS: Mapping[str, Sequence[str]] = {
    "software": ("Document the release steps of the {service}", "Clean up feature flags of the {service}"),
    "performance": ("Load test of the {service} with {n} thousand users",),
}
BY_KIND: Mapping[str, Mapping[str, Sequence[str]]] = {
    "incident": INCIDENTS,
    "service_request": REQUESTS,
    "change": CHANGES,
    "problem": PROBLEMS,
    "task": TASKS,
}

DETAILS: Sequence[str] = (
    "Seen since this morning by several offices.",
    "Reported through the helpline; the steps are in the attached note.",
    "It happens again and again. Please look at the logs around the time of this ticket.",
    "Needed before the end of the month.\nThe district office will test it.",
)

HOSTILE: Sequence[str] = (
    "=cmd|' /C calc'!A0",
    "<script>alert('tickets')</script> in the greeting of the portal",
    "@SUM(1+1)*cmd|' /C calc'!A0 typed into the fee form",
    "Label reads \u202egnp.exe\u202c in the upload list",
    "Receipts show 🧾💥👩🏽‍💻 instead of the seal",
    "Console prints \x1b[31mred\x1b[0m and then \x1b]0;owned\x07 stays red",
    "A very long complaint: " + "the form asks for the same certificate again, " * 120,
)


def everyday(rng: random.Random, kind: str, category: str, service: str, environment: str) -> str:
    """An everyday text; none of these holds a word that makes a rule fire."""
    return fill(rng, rng.choice(BY_KIND[kind][category]), service, environment)


def outage_text(rng: random.Random, service: str, environment: str) -> str:
    """The text of something that stops citizens."""
    return fill(rng, rng.choice(OUTAGES), service, environment)


def fill(rng: random.Random, text: str, service: str, environment: str) -> str:
    """A text with its names put in, beginning with a capital."""
    done = text.format(service=SERVICE_NAMES[service], environment=NAMES[environment], n=rng.randint(3, 40))
    return done[0].upper() + done[1:]
