"""Copies of a report for vendors: built from what each may see, opened again and searched, and only then published."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import itsm_bridge.report.manifest as manifest
from itsm_bridge import __version__
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.messages import messages
from itsm_bridge.analysis.scoping import ScopedFrames, blank, scoped
from itsm_bridge.config.findings import nearest
from itsm_bridge.config.model import Configuration, People
from itsm_bridge.errors import GuardTripped, UsageError
from itsm_bridge.report.contents import Report
from itsm_bridge.report.folders import folders
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.report.naming import Names
from itsm_bridge.report.parties import Parties
from itsm_bridge.report.pseudonyms import people_key, pseudonyms, renamed
from itsm_bridge.report.published import Published, published_of
from itsm_bridge.report.publishing import published
from itsm_bridge.report.reopening import Leak, leaks, pieces
from itsm_bridge.report.shown import rows_of, shown_tables
from itsm_bridge.store import state_folder

FOLDER = "vendors"


@dataclass(frozen=True, slots=True)
class Copies:
    """What became of the copies, by vendor: those that are in their place, and those that were stopped."""

    published: Mapping[str, Published]
    stopped: Mapping[str, GuardTripped]

    def check(self) -> None:
        """Raise the first of those that were stopped, with the number of the others."""
        for number, problem in enumerate(self.stopped.values()):
            if number == 0:
                more = len(self.stopped) - 1
                raise GuardTripped(problem.message + (f"; and {more} more" if more else ""), hint=problem.hint)


def known_vendors(configuration: Configuration, wanted: Iterable[str]) -> tuple[str, ...]:
    """``wanted``, each once, as ``vendors.yaml`` spells it. Raises ``UsageError`` for one that it does not name."""
    by_fold = {name.casefold(): name for name in configuration.vendors}
    found = []
    for one in wanted:
        name = one if one in configuration.vendors else by_fold.get(one.casefold())
        if name is None:
            meant = nearest(one, configuration.vendors)
            hint = f"did you mean {meant!r}?" if meant else f"there are: {', '.join(configuration.vendors)}"
            raise UsageError(f"there is no vendor {one!r}; {hint} Nothing was built")
        found.append(name)
    return tuple(dict.fromkeys(found))


def publish_copies(
    seen: Frames, configuration: Configuration, vendors: Iterable[str], out: Path, formats: Collection[str]
) -> Copies:
    """Write, search and publish the copy of each of ``vendors`` below ``<out>/<period>/vendors/``.

    One that holds anything of another party is not published, and what was published of it before is as it was.
    """
    places, parties = folders(configuration.vendors), Parties(configuration)
    parties = replace(parties, common=_own_words(seen, parties, configuration, formats))
    done, stopped = {}, {}
    for vendor in vendors:
        try:
            made = _Copy.of(scoped(seen, vendor), parties, configuration)
            done[vendor] = made.publish(out / seen.period.name / FOLDER / places[vendor], formats)
        except GuardTripped as problem:
            stopped[vendor] = problem
    return Copies(done, stopped)


@dataclass(frozen=True, slots=True, eq=False)
class _Copy:
    """One vendor's copy before it has files."""

    scope: ScopedFrames
    names: Names
    digest: str

    @classmethod
    def of(cls, scope: ScopedFrames, parties: Parties, configuration: Configuration) -> _Copy:
        """With the vendor's own people under other names, where the configuration says so."""
        instead: Mapping[str, str] = {}
        if configuration.reports.people is People.PSEUDONYMS:
            key = people_key(state_folder(configuration.store, configuration.folder.resolve().parent))
            instead = pseudonyms(key, scope.vendor, scope.people)
            scope = replace(scope, frames=renamed(scope.frames, instead))
        return cls(scope, parties.names(scope, instead), configuration.digest)

    def publish(self, folder: Path, formats: Collection[str]) -> Published:
        """Write the copy, open it again, let it take its place. Raises ``GuardTripped`` for what it must not hold."""
        report = self._report()
        columns = {"vendor": {self.scope.vendor}, "ticket": self.scope.tickets}
        with published(folder) as staged:
            written = list(_write(report, staged, formats))
            manifest.write(staged, report, written)
            for leak in leaks(staged, self.names, columns):
                raise self._stopped(leak)
            return published_of(folder, staged, written, report)

    def _report(self) -> Report:
        tables = shown_tables()
        rows = {name: rows_of(table, self.scope, self.names) for name, table in tables.items()}
        said = self.scope.frames.reports
        named = replace(said, contact=self.names.redacted(said.contact))
        return Report(
            replace(self.scope.frames, reports=named),
            rows,
            self.digest,
            __version__,
            said=messages(self.scope.frames),
            vendor=self.scope.vendor,
            tables=tables,
        )

    def _stopped(self, leak: Leak) -> GuardTripped:
        what = "the name of a person" if leak.name in self.scope.strangers | self.scope.people else repr(leak.name)
        return GuardTripped(
            f"the copy for {self.scope.vendor} was not published: {leak.file} holds {what} ({leak.place}), which is of "
            "another party",
            hint=f"itsm-bridge report --vendor {shlex.quote(self.scope.vendor)}, after docs/runbook.md",
        )


def _own_words(
    seen: Frames, parties: Parties, configuration: Configuration, formats: Collection[str]
) -> frozenset[str]:
    """The names that the program writes without a single row: in a copy they tell nothing."""
    everybody = parties.everybody(seen)
    tables, empty = shown_tables(), replace(blank(seen), reports=replace(seen.reports, contact=""))
    rows = {name: table.rows(empty) for name, table in tables.items()}
    report = Report(empty, rows, configuration.digest, __version__, vendor="vendor", tables=tables)
    with TemporaryDirectory() as folder:
        list(_write(report, Path(folder), formats))
        return frozenset(
            found.name
            for path in Path(folder).rglob("*.*")
            if path.is_file()
            for piece in pieces(path)
            for found in everybody.find(piece.text)
        )


def _write(report: Report, folder: Path, formats: Collection[str]) -> Iterator[manifest.WrittenFile]:
    for name, write in FORMATS.items():
        if name in formats:
            yield from write(report, folder)
