"""``check`` of a configuration with 500 rules, beside ``yaml.safe_load`` with ``jsonschema``; and the proofs apart.

The peer reads the same rules.yaml and holds it against a schema of its keys; it knows no references, no durations, no
places of what it finds, and stops short of everything that ours says. Best of five; by the clock of the processor.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import yaml

from itsm_bridge.config import check
from itsm_bridge.proofs import prove

ROOT = Path(__file__).resolve().parents[1]
RULES, REPEATS = 500, 5
NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)

_RULE = {
    "type": "object",
    "required": ["name", "when", "then"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "because": {"type": "string"},
        "when": {"type": "object"},
        "then": {"type": "object"},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{
            name: {"type": "array", "items": _RULE}
            for name in ("classify", "intake", "approval", "assignment", "escalation", "knowledge")
        },
        "priority": {"type": "object"},
        "tests": {"type": "array"},
    },
}


def write(folder: Path) -> None:
    """The shipped configuration with ``RULES`` assignment rules before its own."""
    shutil.copytree(ROOT / "config", folder, dirs_exist_ok=True)
    rules = "".join(
        f"  - name: row-{number}\n    because: The table says so.\n"
        f"    when: {{environment: {('punjab', 'ap', 'bihar')[number % 3]}, category: category-{number}, "
        f"priority: [1, 2, 3]}}\n    then: {{vendor: {('OptIT', 'GWL')[number % 2]}}}\n"
        for number in range(RULES)
    )
    path = folder / "rules.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("assignment:\n", "assignment:\n" + rules, 1), encoding="utf-8")


def peer(folder: Path) -> None:
    """PyYAML and a JSON schema, as many projects check theirs."""
    for path in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.name == "rules.yaml":
            jsonschema.validate(content, SCHEMA)


def best(work: Callable[[], object]) -> float:
    """Seconds of the processor, the best of some."""
    taken = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        configuration, findings = check(folder)
        if configuration is None:
            raise SystemExit(f"the made-up configuration is wrong: {findings[0]}")
        print(f"{RULES} rules: read and validated    {best(lambda: check(folder)):6.3f} s")
        print(f"yaml.safe_load and jsonschema    {best(lambda: peer(folder)):6.3f} s")
        began = time.process_time()
        found = prove(configuration, NOW)
        print(f"the proofs, once                 {time.process_time() - began:6.3f} s   {len(found)} findings")


if __name__ == "__main__":
    main()
