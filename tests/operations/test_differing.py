"""What changes if one configuration becomes another, on stored history and on what is open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.analysis.made import BRIDGE, NOW, RULES, SLA, VENDORS, ago, ticket
from tests.cli.programs import run

from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Page
from itsm_bridge.errors import UsageError
from itsm_bridge.model import TicketRecord
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.differing import Changed, ConfigurationDifference, Flipped, as_new, difference
from itsm_bridge.store import Store

QUARTER = timedelta(days=90)
FILES = {"bridge": BRIDGE, "vendors": VENDORS, "sla": SLA, "rules": RULES}
OWNED = "assignment:\n  - {name: owner, when: {environment: {empty: false}}, then: {owner: true}}\n"
PORTAL = "assignment:\n  - {name: portal, when: {category: portal}, then: {vendor: OptIT}}\n"


def written(folder: Path, **changed: str) -> Configuration:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**FILES, **changed}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(folder)


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    configuration = written(tmp_path / "config", rules=RULES + OWNED)
    with Store.open(configuration.store, tmp_path, create=True) as store:
        yield Bridge(configuration, store, lambda: NOW)


def keep(bridge: Bridge, *records: TicketRecord) -> None:
    bridge.store.save_page("snow", "incident", Page(records, {}), NOW)


def compared(of: Bridge, tmp_path: Path, /, **changed: str) -> ConfigurationDifference:
    return difference(of, of.configuration, written(tmp_path / "new", **changed), QUARTER, NOW)


def solved(number: str, days: float, category: tuple[str, ...] = ()) -> TicketRecord:
    return ticket(number, ago(days=days), (ago(days=days - 0.5), "state", "closed"), category=category)


def test_the_same_configuration_changes_nothing(bridge: Bridge, tmp_path: Path) -> None:
    keep(bridge, solved("INC1", 10), ticket("INC2", ago(days=1)))
    found = compared(bridge, tmp_path, rules=RULES + OWNED)
    assert (found.replayed, found.changed, found.flipped, found.pending) == (2, (), (), ())
    assert {vendor: load for vendor, load in found.loads.items() if any(load)} == {"GWL": (2, 2)}


def test_a_closed_ticket_is_decided_as_if_it_were_new(bridge: Bridge, tmp_path: Path) -> None:
    keep(bridge, solved("INC1", 10, category=("portal",)))
    found = compared(bridge, tmp_path, rules=RULES + PORTAL + OWNED.removeprefix("assignment:\n"))
    assert found.changed == (Changed("snow:INC1", "vendor", "GWL", "OptIT", "owner", "portal"),)
    assert {vendor: load for vendor, load in found.loads.items() if any(load)} == {"GWL": (1, 0), "OptIT": (0, 1)}
    assert found.pending == ()


def test_what_people_did_later_does_not_count() -> None:
    record = ticket(
        "INC1",
        ago(days=10),
        (ago(days=9), "vendor", "OptIT"),
        (ago(days=9), "priority", "1"),
        (ago(days=8), "state", "resolved"),
        priority=4,
    )
    fresh = as_new(record).ticket
    assert (fresh.vendor, fresh.priority, fresh.state, fresh.updated_at) == ("GWL", 4, "new", fresh.created_at)


def test_only_tickets_created_within_the_time_are_replayed(bridge: Bridge, tmp_path: Path) -> None:
    keep(bridge, solved("INC1", 91), solved("INC2", 89), ticket("INC3", ago(days=400)))
    found = compared(bridge, tmp_path, rules=RULES + OWNED.replace("owner: true", "vendor: OptIT"))
    assert found.replayed == 1
    assert [change.ticket for change in found.changed] == ["snow:INC2"]
    assert [change.ticket for change in found.pending] == []


def test_what_the_next_run_would_write_otherwise_is_listed(bridge: Bridge, tmp_path: Path) -> None:
    writing = BRIDGE.replace("    states:", "    write: {vendor: assignment_group}\n    states:")
    now = Bridge(written(tmp_path / "writing", bridge=writing, rules=RULES + OWNED), bridge.store, bridge.clock)
    keep(bridge, ticket("INC1", ago(days=400), category=("portal",), vendor="GWL"))
    changed = {"bridge": writing, "rules": RULES + PORTAL + OWNED.removeprefix("assignment:\n")}
    found = compared(now, tmp_path, **changed)
    assert found.pending == (Changed("snow:INC1", "vendor", None, "OptIT", "", "portal"),)


def test_a_shorter_target_flips_verdicts(bridge: Bridge, tmp_path: Path) -> None:
    keep(bridge, solved("INC1", 10), ticket("INC2", ago(hours=1)))
    found = compared(bridge, tmp_path, rules=RULES + OWNED, sla=SLA.replace("target: 24h", "target: 2h"))
    assert found.flipped == (Flipped("snow:INC1", "resolution in a day", before=False, after=True),)


def test_a_service_level_that_there_was_not_has_no_verdict_before(bridge: Bridge, tmp_path: Path) -> None:
    keep(bridge, ticket("INC2", ago(hours=1)))
    found = compared(bridge, tmp_path, rules=RULES + OWNED, sla=SLA.replace("resolution in a day", "another"))
    assert set(found.flipped) == {
        Flipped("snow:INC2", "resolution in a day", before=False, after=None),
        Flipped("snow:INC2", "another", before=None, after=False),
    }


def test_a_configuration_without_one_of_the_sources_is_refused(bridge: Bridge, tmp_path: Path) -> None:
    renamed = {"bridge": BRIDGE.replace("  snow:", "  sn:"), "vendors": VENDORS.replace("snow:", "sn:")}
    with pytest.raises(UsageError, match="has no source snow"):
        compared(bridge, tmp_path, **renamed)


def test_an_empty_store_is_compared_too(bridge: Bridge, tmp_path: Path) -> None:
    assert compared(bridge, tmp_path).replayed == 0


@pytest.fixture
def project(bridge: Bridge, tmp_path: Path) -> Path:
    keep(bridge, *(solved(f"INC{place}", 10, category=("portal",)) for place in range(5)))
    written(tmp_path / "new", rules=RULES + PORTAL + OWNED.removeprefix("assignment:\n"))
    return tmp_path


def test_the_command_sums_up_by_effect(project: Path) -> None:
    done = run("-C", "config", "diff", "config", "new", "--since", "5200w", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "       5  vendor GWL → OptIT (owner → portal): snow:INC" in done.stdout
    assert "  GWL                   5 →      0  -5" in done.stdout


def test_the_document_holds_each_ticket(project: Path) -> None:
    done = run("-C", "config", "--json", "diff", "config", "new", "--since", "5200w", cwd=project)
    document = json.loads(done.stdout)
    assert [change["ticket"] for change in document["changed"]] == [f"snow:INC{place}" for place in range(5)]
    assert {"vendor": "OptIT", "before": 0, "after": 5} in document["loads"]


def test_a_length_that_means_nothing_is_refused(project: Path) -> None:
    done = run("-C", "config", "diff", "config", "new", "--since", "3 moons", cwd=project)
    assert done.returncode == 2
    assert "90d, 12w or 48h" in done.stderr


def test_a_folder_with_mistakes_is_named_with_the_command_that_lists_them(project: Path) -> None:
    (project / "new" / "rules.yaml").write_text("nonsense: 1\n", encoding="utf-8")
    done = run("-C", "config", "diff", "config", "new", cwd=project)
    assert done.returncode == 13
    assert done.stderr.splitlines()[-1].endswith("nothing was done. Next: itsm-bridge -C new check")
    assert "new: the configuration has" in done.stderr
