"""``report``: the analyses, built from the store alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_bridge.cli.exits import FINDINGS, Finished, worst
from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.text import fitted, plural
from itsm_bridge.errors import BridgeError, UsageError

if TYPE_CHECKING:
    from itsm_bridge.config.model import Mail
    from itsm_bridge.operations.bridge import Bridge

if TYPE_CHECKING:  # pandas takes a second to load, and --help needs none of it
    from itsm_bridge.report import Copies, Published

FORMATS = ("xlsx", "csv", "html")


class Instant(click.ParamType[datetime]):
    """An instant in ISO 8601 with a zone."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read one; a time without a zone is refused, since it would mean something else in every office."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no instant in ISO 8601, such as 2026-11-23T07:00:00+05:30", param, ctx)
        if at.tzinfo is None:
            whole = at.isoformat(timespec="seconds")
            self.fail(f"{value!r} has no zone; write it as {whole}+05:30 or {whole}Z", param, ctx)
        if not 1971 <= at.year <= 2100:
            self.fail(f"{value!r} lies outside the years 1971 to 2100", param, ctx)
        return at


class Formats(click.ParamType[tuple[str, ...]]):
    """A comma-separated list of output formats."""

    name = "formats"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Read the list."""
        if isinstance(value, tuple):
            return value
        wanted = tuple(part.strip() for part in str(value).split(",") if part.strip())
        if not wanted:
            self.fail(f"name at least one of {', '.join(FORMATS)}", param, ctx)
        for one in wanted:
            if one not in FORMATS:
                self.fail(f"{one!r} is not one of {', '.join(FORMATS)}", param, ctx)
        return wanted


@click.command(epilog="Example: itsm-bridge report --period month --last --out reports")
@click.option("--period", type=click.Choice(["week", "month", "quarter"]), default="week", help="Default: week.")
@click.option("--last", is_flag=True, help="The whole period before the one that holds --as-of.")
@click.option(
    "--as-of", type=Instant(), metavar="INSTANT", help="Look from this instant (ISO 8601 with a zone; default: now)."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to (default: reports/ beside the configuration).",
)
@click.option("--format", "formats", type=Formats(), default=FORMATS, help="xlsx,csv,html (default: all).")
@click.option(
    "--vendor", "vendors", multiple=True, metavar="NAME", help="Build the copy for this vendor alone; may be repeated."
)
@click.option("--mail", "by_mail", is_flag=True, help="Send it to those in reports: mail:, unless they have this one.")
@click.pass_obj
def report(
    options: Options,
    period: str,
    last: bool,
    as_of: datetime | None,
    out: Path | None,
    formats: tuple[str, ...],
    vendors: tuple[str, ...],
    by_mail: bool,
) -> None:
    """Build the analyses from the store alone; with --vendor, those vendors' copies."""
    from itsm_bridge.analysis.period import Period
    from itsm_bridge.operations.mailing import send
    from itsm_bridge.report import build, build_copies

    with opened(options) as bridge:
        now = bridge.clock()
        if by_mail and vendors:
            raise UsageError("--mail sends the whole report, with the copies beside it, and not one of --vendor alone")
        mail = _addressed(bridge, formats) if by_mail else None
        at = as_of or now
        if at > now:
            raise UsageError("--as-of lies in the future; nothing was built")
        covered = Period.holding(at, period, bridge.configuration.zone)
        if last:
            covered = covered.previous()
            at = covered.end
        store, configuration, where = bridge.store, bridge.configuration, out or bridge.reports
        if vendors:
            copies = build_copies(store, configuration, vendors, period=covered, as_of=at, out=where, formats=formats)
            _show_copies(options, covered.name, where / covered.name, copies)
            return
        published = build(store, configuration, period=covered, as_of=at, out=where, formats=formats)
        unsent = () if mail is None else send(bridge, mail, published.folder, now)
    options.document(
        {
            "folder": str(published.folder),
            "files": _files(published),
            "failed_checks": list(published.failed),
            "out_of_date": list(published.out_of_date),
            "not_sent": [problem.message for problem in unsent],
        }
    )
    options.say(f"{covered.name}: {plural(len(published.files), 'file')} in {published.folder}")
    _say_out_of_date(options, published)
    _tell(published.failed, unsent)


def _show_copies(options: Options, period: str, folder: Path, copies: Copies) -> None:
    """What was published; ends with the reason where a copy was stopped."""
    options.document(
        {
            "folder": str(folder),
            "files": [file for one in copies.published.values() for file in _files(one)],
            "copies": [
                {"vendor": vendor, "folder": str(one.folder), "files": _files(one)}
                for vendor, one in copies.published.items()
            ],
            "out_of_date": sorted({name for one in copies.published.values() for name in one.out_of_date}),
            "stopped": [{"vendor": vendor, "why": why.message} for vendor, why in copies.stopped.items()],
        }
    )
    for vendor, one in copies.published.items():
        options.say(f"{period}, copy for {vendor}: {plural(len(one.files), 'file')} in {one.folder}")
    for one in list(copies.published.values())[:1]:  # all of them look at the same sources
        _say_out_of_date(options, one)
    copies.check()


def _say_out_of_date(options: Options, published: Published) -> None:
    """A warning, as the page has it: the report is in its place, and what it says is true of older data."""
    if published.out_of_date:
        sources = ", ".join(published.out_of_date)
        warning = f"warning: out of date, not read to its end in the 24 hours before: {sources}; itsm-bridge sync"
        options.say(fitted(warning))


def _files(published: Published) -> list[dict[str, object]]:
    return [
        {"path": str(file.path), "table": file.table, "rows": file.rows, "sha256": file.sha256}
        for file in published.files
    ]


def _addressed(bridge: Bridge, formats: tuple[str, ...]) -> Mail:
    """Where the report goes; raises ``UsageError`` before anything is built where it can go nowhere."""
    mail = bridge.configuration.reports.mail
    if mail is None:
        raise UsageError("bridge.yaml has no reports: mail:, so there is nobody to send it to; nothing was built")
    if "xlsx" not in formats:
        raise UsageError("a mail carries the workbook: --mail needs xlsx among --format; nothing was built")
    return mail


def _tell(failed: Sequence[str], unsent: Sequence[BridgeError]) -> None:
    """Leave with what is wrong with a report that is in its place: a check that differs, then what was not sent."""
    if failed:
        what = f"report: {plural(len(failed), 'check')} of the published report differ{'s' if len(failed) == 1 else ''}"
        raise Finished(FINDINGS, f"{what}, first: {failed[0]}", "look at the sheet checks, and report it as a mistake")
    if unsent:
        raise worst(unsent)
