"""The units for systemd: a service that does one run with few rights and its secrets as credentials, and its timer."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator

from itsm_bridge.cli.schedule_text import Job
from itsm_bridge.config import variables_of

NAME = "itsm-bridge"
SECRETS = "/etc/itsm-bridge/credentials"
"""Where the secrets lie, a file each; root's alone, since systemd hands them to the service."""

LEAVING = 600
"""Seconds beyond ``max_runtime``: the reports that a run builds do not count into it."""

HARDENING = (
    "UMask=0077",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
)


def units(job: Job) -> dict[str, str]:
    """By file name, what stands in it."""
    return {f"{NAME}.service": "\n".join((*_service(job), "")), f"{NAME}.timer": "\n".join((*_timer(job), ""))}


def _service(job: Job) -> Iterator[str]:
    names = [name for source in job.configuration.sources.values() for name in variables_of(source, job.folder.parent)]
    yield from _how_to_install(job, names)
    yield from ("[Unit]", f"Description={NAME}: one run", "Wants=network-online.target", "After=network-online.target")
    yield ""
    yield from ("[Service]", "Type=oneshot", f"User={job.user}")
    yield f"ExecStart={' '.join(word(one, is_argument=n > 0) for n, one in enumerate(job.words))}"
    yield f"# A run ends itself after max_runtime ({job.configuration.limits.max_runtime} s); reports take longer."
    yield f"TimeoutStartSec={job.configuration.limits.max_runtime + LEAVING}"
    yield "TimeoutStopSec=10"
    yield "# Another run is at work: nothing was done, and nothing is wrong."
    yield "SuccessExitStatus=11"
    yield ""
    yield from (f"LoadCredential={name}:{SECRETS}/{name}" for name in names)
    yield from (f"Environment={name}_FILE=%d/{name}" for name in names)
    yield ""
    yield f"ReadWritePaths={' '.join(word(str(one)) for one in dict.fromkeys((job.store, job.reports)))}"
    yield from HARDENING


def _how_to_install(job: Job, names: list[str]) -> Iterator[str]:
    """The steps, as comments that can be copied. The folders have to be there: systemd opens them to the service."""
    folders = " ".join(shlex.quote(str(one)) for one in dict.fromkeys((job.store, job.reports)))
    yield "# To install, as root, in the folder that holds both units:"
    yield f"#   install -d -o {shlex.quote(job.user)} -m 700 {folders}"
    yield f"#   install -d -m 700 {SECRETS}"
    yield from (f"#   (umask 077; cat > {SECRETS}/{name})   # paste it, then Ctrl-D" for name in names)
    yield f"#   install -m 644 {NAME}.service {NAME}.timer /etc/systemd/system/"
    yield f"#   systemctl daemon-reload && systemctl enable --now {NAME}.timer"
    yield "# A secret that stands in .env too may be taken out there."
    if any(name.endswith("REFRESH_TOKEN") for name in names):
        yield from (f"# {line}" for line in textwrap.wrap(REFRESHED, 77))


REFRESHED = (
    "A source that replaces its refresh token writes the new one into its file, and a credential cannot be written: "
    "then keep it in the store's folder, and name that file in Environment=..._REFRESH_TOKEN_FILE instead."
)


def _timer(job: Job) -> Iterator[str]:
    yield from ("[Unit]", f"Description={NAME}: a run every {job.every}", "", "[Timer]")
    yield f"OnCalendar={on_calendar(job.minutes)}"
    yield "# After a time switched off, one run is made up for at once."
    yield "Persistent=true"
    yield "RandomizedDelaySec=30"
    yield from ("", "[Install]", "WantedBy=timers.target")


def on_calendar(minutes: int) -> str:
    """When, as systemd writes it: the same instants as in the crontab."""
    if minutes <= 60:
        return "*-*-* *:02:00" if minutes == 60 else f"*-*-* *:02/{minutes}:00"
    return "*-*-* 00:02:00" if minutes == 24 * 60 else f"*-*-* 00/{minutes // 60}:02:00"


def word(text: str, *, is_argument: bool = False) -> str:
    r"""One word of a unit: quoted where it must be, ``%`` doubled, and in an argument ``$`` too.

    systemd replaces ``%x`` everywhere, and ``$X`` in the arguments of a command but not in its path.
    """
    doubled = text.replace("%", "%%").replace("$", "$$") if is_argument else text.replace("%", "%%")
    if doubled and not any(character in doubled for character in " \t\"'\\;"):
        return doubled
    escaped = doubled.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
