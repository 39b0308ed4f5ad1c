"""The files beside the store, in memory: what a killed process leaves of them, and what a power cut does."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.faults import CrashPoints

from itsm_bridge.store.audit_files import KEY, SEALS
from itsm_bridge.store.whole_files import Files

FOLDER = Path("/var")
PLAN = FOLDER / "plan.json"
DEADLY = {KEY: 3, SEALS: 1, PLAN.name: 6}
"""How many times as deadly as others the points around each file are, so that it is died at often enough."""


@dataclass
class Inode:
    """A file's content as it is seen, and as much of it as the disk is known to hold."""

    content: bytes = b""
    durable: bytes = b""


@dataclass
class FakeFiles(Files):
    """Names and contents. A step of each writing is a point at which the process may die."""

    points: CrashPoints
    chance: random.Random
    names: dict[Path, Inode] = field(default_factory=dict)
    durable: dict[Path, Inode] = field(default_factory=dict)

    def read(self, path: Path) -> bytes | None:
        inode = self.names.get(path)
        return None if inode is None else inode.content

    def create(self, path: Path, content: bytes) -> None:
        if path in self.names:
            raise FileExistsError(17, "File exists", str(path))
        self._step(path, "before it is made")
        self.names[path] = Inode()
        self._write(path, self.names[path], content)

    def append(self, path: Path, content: bytes) -> None:
        self._step(path, "before it is added to")
        self._write(path, self.names.setdefault(path, Inode()), content)

    def cut(self, path: Path, size: int) -> None:
        inode = self.names[path]
        inode.content = inode.content[:size]
        self._step(path, "cut")

    def link(self, draft: Path, path: Path) -> None:
        self.names.setdefault(path, self.names[draft])
        self._step(path, "named")

    def replace(self, draft: Path, path: Path) -> None:
        self._step(path, "before it is replaced")
        self.names[path] = self.names.pop(draft)
        self._step(path, "replaced")

    def remove(self, path: Path) -> None:
        self._step(path, "before its draft is removed")
        self.names.pop(path, None)

    def make_folder(self, folder: Path) -> None:
        """It is there."""

    def sync(self, folder: Path) -> None:  # noqa: ARG002 - there is one
        self.durable = dict(self.names)

    def power_cut(self) -> None:
        """What was not made durable is there, or is not, or (of what was being written) is there in part."""
        names = set(self.names) | set(self.durable)
        kept = {path: self._either(self.durable.get(path), self.names.get(path)) for path in sorted(names)}
        self.names = {path: inode for path, inode in kept.items() if inode is not None}
        for inode in self.names.values():
            length = self.chance.randint(min(len(inode.durable), len(inode.content)), len(inode.content))
            if inode.content != inode.durable:
                inode.content = inode.content[:length] if inode.content.startswith(inode.durable) else inode.durable
            inode.durable = inode.content
        self.durable = dict(self.names)

    def _either(self, old: Inode | None, new: Inode | None) -> Inode | None:
        return new if old is new or self.chance.random() < 0.5 else old

    def _write(self, path: Path, inode: Inode, content: bytes) -> None:
        before = inode.content
        self._step(path, "made or opened")
        inode.content = before + content[: len(content) // 2]
        self._step(path, "half written")
        inode.content = before + content
        self._step(path, "written, not yet on the disk")
        self._flush(inode)
        self._step(path, "on the disk")

    def _flush(self, inode: Inode) -> None:
        inode.durable = inode.content

    def _step(self, path: Path, what: str) -> None:
        name = next((one for one in DEADLY if one in path.name), path.name)
        self.points.visit(f"{name}: {what}", DEADLY.get(name, 1))
