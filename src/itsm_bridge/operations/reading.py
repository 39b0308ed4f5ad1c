"""Reading the sources: each in a thread of its own, in order within one, and none waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from itsm_bridge.connectors.ahead import take_short_turns
from itsm_bridge.connectors.base import Connector
from itsm_bridge.events import emit
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.watching import SILENT, Watchers
from itsm_bridge.sync import Pulled, pull


def read_sources(
    bridge: Bridge, connectors: Mapping[str, Connector], *, full: bool = False, watch: Watchers = SILENT
) -> tuple[Pulled, ...]:
    """Pull all sources at once, in the order of ``connectors``; one that fails does not stop the others.

    What ``watch`` holds is called from several threads, but never by two at a time. Raises ``StorageFailed`` after the
    other sources have stopped where they were.
    """
    take_short_turns()
    stop, turn = threading.Event(), threading.Lock()

    def expired() -> bool:
        return stop.is_set() or watch.expired()

    def told(source: str, stream: str, done: int, expected: int | None) -> None:
        with turn:
            watch.pulled(source, stream, done, expected)

    def one(connector: Connector) -> Pulled:
        configuration, began = bridge.configuration, time.monotonic()
        pulled = pull(
            bridge.store,
            connector,
            bridge.clock(),
            zone=configuration.zone,
            limits=configuration.limits,
            full=full,
            watch=told,
            expired=expired,
        )
        _tell(pulled, time.monotonic() - began)
        return pulled

    if len(connectors) < 2:
        return tuple(one(connector) for connector in connectors.values())
    with ThreadPoolExecutor(len(connectors), thread_name_prefix="pull") as threads:
        pulls = [threads.submit(one, connector) for connector in connectors.values()]
        try:
            return tuple(each.result() for each in pulls)
        except BaseException:
            stop.set()
            raise


def _tell(pulled: Pulled, seconds: float) -> None:
    if pulled.problem is not None:
        error = type(pulled.problem).__name__
        emit("source.failed", source=pulled.source, error=error, read=pulled.read, seconds=seconds)
        return
    emit(
        "source.read",
        source=pulled.source,
        read=pulled.read,
        changed=pulled.new + pulled.changed,
        quarantined=pulled.quarantined,
        seconds=seconds,
    )
