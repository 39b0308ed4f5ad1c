"""One opened bridge: configuration, store, connectors and clock, ready for a command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from itsm_bridge.config import Configuration, audit_key, credentials
from itsm_bridge.connectors import Surroundings, connect
from itsm_bridge.connectors.base import Connector
from itsm_bridge.errors import UsageError
from itsm_bridge.operations.watching import SILENT, Watchers
from itsm_bridge.store import Store, state_folder

LOCK_NAME = "itsm-bridge.lock"


@dataclass(frozen=True, slots=True)
class Bridge:
    """What a command works with. ``clock`` is the only source of the present time."""

    configuration: Configuration
    store: Store
    clock: Callable[[], datetime]

    @property
    def project(self) -> Path:
        """The folder that holds ``config/``: relative paths of the configuration start here."""
        return project_of(self.configuration)

    @property
    def reports(self) -> Path:
        """Where reports go unless a command says otherwise."""
        return self.project / "reports"

    def connectors(self, only: Collection[str] = (), watch: Watchers = SILENT) -> Mapping[str, Connector]:
        """A connector for each configured source, or for those named in ``only``, for the run that ``watch`` ends."""
        return connectors_of(self.configuration, only, watch)


@contextmanager
def open_bridge(
    configuration: Configuration, clock: Callable[[], datetime], *, create: bool = False
) -> Iterator[Bridge]:
    """A bridge for the length of a ``with`` block; with ``create`` its store is made where there is none."""
    project = project_of(configuration)
    with Store.open(configuration.store, project, create=create, audit_key=audit_key(project)) as store:
        yield Bridge(configuration, store, clock)


def connectors_of(
    configuration: Configuration, only: Collection[str] = (), watch: Watchers = SILENT
) -> Mapping[str, Connector]:
    """A connector for each configured source, or for those named in ``only``; nothing is sent yet.

    Raises ``UsageError`` for an unknown name and ``ConfigurationInvalid`` for missing credentials.
    """
    for name in only:
        if name not in configuration.sources:
            raise UsageError(f"there is no source {name!r}; configured are: {', '.join(configuration.sources)}")
    project, around = project_of(configuration), Surroundings.of_run(watch.left)
    return {
        name: connect(source, credentials(source, project), configuration.vendors, configuration.limits, around)
        for name, source in configuration.sources.items()
        if not only or name in only
    }


def project_of(configuration: Configuration) -> Path:
    """The folder that holds ``config/``."""
    return configuration.folder.resolve().parent


def beside_store(configuration: Configuration) -> Path:
    """The folder of a SQLite store, else ``var/`` of the project."""
    return state_folder(configuration.store, project_of(configuration))


def lock_path(configuration: Configuration) -> Path:
    """Where the lock lies."""
    return beside_store(configuration) / LOCK_NAME
