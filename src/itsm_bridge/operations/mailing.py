"""Sends published reports by SMTP, each once: a record beside them says what is due and what was sent."""

from __future__ import annotations

import ipaddress
import json
import smtplib
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from itsm_bridge.config import mail_credentials
from itsm_bridge.config.model import Credentials, Mail
from itsm_bridge.errors import BridgeError, SourceUnavailable, StorageFailed
from itsm_bridge.events import emit
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.letters import MANIFEST, Letter, copy_of, letter
from itsm_bridge.store import replace_whole

SECONDS = 60
"""How long one answer of the mail server may take."""

IMPLICIT_TLS = 465
RECORD = ".mail.json"

Send = Callable[[EmailMessage, tuple[str, ...]], None]


@dataclass(frozen=True, slots=True)
class Outbox:
    """The record in the folder of reports: by period, what was sent to whom, as the digest of its manifest.

    A period without any is due: it was to be sent, and was not yet.
    """

    path: Path

    @classmethod
    def of(cls, reports: Path) -> Outbox:
        """The one of a folder of reports."""
        return cls(reports / RECORD)

    def due(self) -> tuple[str, ...]:
        """Periods that were to be sent and are not all sent yet."""
        return tuple(period for period, entry in self._read().items() if not entry.get("done"))

    def expect(self, period: str) -> None:
        """A report that is to be sent once it is published; who has this very one already does not get it again."""
        all_of_it = self._read()
        self._write(all_of_it | {period: {**all_of_it.get(period, {"sent": {}}), "done": False}})

    def sent(self, period: str, whom: str) -> str:
        """The digest of what was sent last; empty for nothing."""
        sent = self._read().get(period, {}).get("sent")
        return str(sent.get(whom, "")) if isinstance(sent, dict) else ""

    def note(self, period: str, whom: str, digest: str) -> None:
        """That something was sent."""
        all_of_it = self._read()
        entry = all_of_it.get(period, {"done": False})
        earlier = entry.get("sent")
        sent = {**(earlier if isinstance(earlier, dict) else {}), whom: digest}
        self._write(all_of_it | {period: {**entry, "sent": sent}})

    def close(self, period: str) -> None:
        """That everybody got theirs."""
        all_of_it = self._read()
        self._write(all_of_it | {period: {**all_of_it.get(period, {"sent": {}}), "done": True}})

    def _read(self) -> dict[str, dict[str, object]]:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
            return {str(period): dict(entry) for period, entry in document.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as problem:
            raise StorageFailed(f"{self.path}: the record of mails cannot be read; nothing was sent") from problem

    def _write(self, entries: Mapping[str, Mapping[str, object]]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_whole(self.path, json.dumps(entries, indent=2, sort_keys=True).encode())
        except OSError as problem:
            raise StorageFailed(f"{self.path}: {problem.strerror}; the record of mails was not kept") from problem


def expect(bridge: Bridge, period: str) -> None:
    """Before a report is published that a run sends: whoever dies in between leaves it to the next run."""
    if bridge.configuration.reports.mail is not None:
        Outbox.of(bridge.reports).expect(period)


def send_due(bridge: Bridge, now: datetime) -> tuple[BridgeError, ...]:
    """Send what is due; what kept something from being sent. The report is in its place whatever happens here."""
    mail = bridge.configuration.reports.mail
    if mail is None:
        return ()
    try:
        outbox = Outbox.of(bridge.reports)
        due = [period for period in outbox.due() if _is_whole(bridge.reports / period)]
        return tuple(problem for period in due for problem in send(bridge, mail, bridge.reports / period, now))
    except BridgeError as problem:
        return (problem,)


def _is_whole(folder: Path) -> bool:
    """Whether the report of a whole period is in its place, and not one that was built before the period's end."""
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return datetime.fromisoformat(document["as_of"]) >= datetime.fromisoformat(document["to"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def send(bridge: Bridge, mail: Mail, folder: Path, now: datetime) -> tuple[BridgeError, ...]:
    """Send one published report to all who get it and have not got this one; returns what was not sent, and why."""
    outbox, period, problems = Outbox.of(folder.parent), folder.name, list[BridgeError]()
    try:
        waiting = [one for one in letters(mail, folder) if outbox.sent(period, one.whom) != one.digest]
        credentials = mail_credentials(bridge.project) if waiting else None
    except BridgeError as problem:
        return (problem,)
    for one in waiting:
        try:
            _deliver(mail, credentials, one, now)
            outbox.note(period, one.whom, one.digest)
            emit("mail.sent", period=period, recipients=len(one.to))
        except BridgeError as problem:
            problems.append(problem)
    if not problems:
        outbox.close(period)
    return tuple(problems)


def letters(mail: Mail, folder: Path) -> Iterator[Letter]:
    """The report for those in ``to``; for those of a vendor its own copy, where there is one, and nothing else.

    A copy of a part of the period is none of the whole one: it lies there where that of the whole was stopped.
    """
    if mail.to:
        yield letter(folder, mail.to)
    for vendor, to in mail.vendors.items():
        copied = copy_of(folder, vendor)
        if copied is not None and to and (_is_whole(copied) or not _is_whole(folder)):
            yield letter(copied, to, vendor)


def _deliver(mail: Mail, credentials: Credentials | None, one: Letter, now: datetime) -> None:
    """Hand one mail to the server. Raises ``SourceUnavailable``; the words of the server are not repeated."""
    place = f"{mail.host}:{mail.port}"
    try:
        message = one.message(mail.sender, now)
        with _connected(mail) as server:
            if credentials is not None:
                server.login(credentials.account, credentials.secret.get_secret_value())
            refused = server.send_message(message, mail.sender, one.to)
    except (smtplib.SMTPException, OSError, ValueError) as problem:
        raise _not_sent(one, place, _reason(problem)) from problem
    if refused:
        raise _not_sent(one, place, f"it refused {len(refused)} of {len(one.to)} addresses")


def _connected(mail: Mail) -> AbstractContextManager[smtplib.SMTP]:
    """A connection whose other end is known and which nobody reads; on this machine itself a plain one will do."""
    context = ssl.create_default_context()
    if mail.port == IMPLICIT_TLS:
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)
    if not is_loopback(mail.host):
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its address or its usual name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _reason(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return "it offers no STARTTLS, or no way to sign in"
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return "it does not accept the credentials"
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"it answered {problem.smtp_code}"
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return "it refused every address"
    return (problem.strerror or "") if isinstance(problem, OSError) and problem.strerror else type(problem).__name__


def _not_sent(one: Letter, place: str, reason: str) -> SourceUnavailable:
    whose = f" for {one.vendor}" if one.vendor else ""
    return SourceUnavailable(
        f"the mail server {place}: {reason}; the report {one.manifest.get('period', '')}{whose} is published, and was "
        "not sent",
        hint="the next run tries again; by hand: itsm-bridge report --last --mail",
    )


def failed_checks(bridge: Bridge, periods: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of reports just published, the checks that do not hold: the period, and what differs."""
    for period in periods:
        try:
            document = json.loads((bridge.reports / period / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        yield from ((period, str(line)) for line in document.get("checks", {}).get("failed", ()))
