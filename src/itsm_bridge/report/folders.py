"""Names of folders for vendors: the vendor's own name where a file system takes it, and never another's."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

LONGEST = 80
"""Bytes of a name, less its digest: file systems take 255."""

_UNSAFE = re.compile(r"[^\w .&()+-]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def folders(vendors: Iterable[str]) -> Mapping[str, str]:
    """The folder of each vendor; no two are the same on a file system that does not know case or Unicode forms."""
    plain = {vendor: _plain(vendor) for vendor in vendors}
    taken = Counter(map(_alike, plain.values()))
    return {
        vendor: name if name == vendor and taken[_alike(name)] == 1 else f"{name}-{_digest(vendor)}"
        for vendor, name in plain.items()
    }


def _plain(vendor: str) -> str:
    """``vendor`` without what leads elsewhere, hides, or means something to a file system."""
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", vendor)).strip(" .").lstrip("-. ")
    name = name.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore").strip(" .")
    return "vendor" if not name or _RESERVED.fullmatch(name) else name


def _alike(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _digest(vendor: str) -> str:
    return hashlib.sha256(vendor.encode("utf-8", "surrogatepass")).hexdigest()[:8]
