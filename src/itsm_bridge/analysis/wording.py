"""What the titles of tickets about the same thing have in common: their words, without what names the single case.

Left out are numbers and whatever holds a digit (ids, dates, times, versions, numbered hosts), addresses, names of
hosts, names of months and days, and words that say nothing of the matter. What stays is folded: the same title in other
letters, with other punctuation or accents written in another way, is the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

LONGEST: Final = 10_000
"""Characters of a title that are looked at."""

WORDS: Final = 20
"""Words of a pattern; a title says what it is about before."""

_LINKS: Final = re.compile(
    r"[a-z][a-z0-9+.-]{0,20}://\S*|\S{1,100}@\S*"
    r"|(?<!\S)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}(?!\w)"  # addresses of IPv6
)
_ZONES: Final = frozenset({"com", "org", "net", "io", "gov", "edu", "in", "example", "internal", "local", "lan"})
"""Last parts by which two words with a dot are a host; of three or more any will do."""

_DAYS: Final = """
jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov
november dec december mon monday tue tuesday wed wednesday thu thursday fri friday sat saturday sun sunday
am pm utc gmt ist today yesterday tomorrow tonight
"""
_EMPTY: Final = """
a an and are as at be been but by can cannot could did do does for from had has have he her his how i if in is it its me
my no not of on or our please she so that the their them then there they this to us was we were what when where which
while who why will with would you your cant dont doesnt didnt isnt wont im ive
re fw fwd aw wg urgent clone hi hello dear team kindly again still
since until after before during
"""
STOP_WORDS: Final = frozenset(f"{_DAYS} {_EMPTY}".split())


def pattern(text: str) -> str:
    """The words of a title that others about the same thing share; empty where none is left."""
    folded = _folded(text[:LONGEST])
    words = (word for part in _LINKS.sub(" ", folded).translate(_KEPT).split() for word in _words(part))
    kept = [word for word in words if word not in STOP_WORDS]
    return " ".join(kept[:WORDS])


def _folded(text: str) -> str:
    """Without regard to case and to how a character is written (Unicode's compatibility caseless match)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _words(part: str) -> list[str]:
    """The words of what stands between blanks: none where it is an id, a host, or the like."""
    bare = part.strip("-_.")
    if any(map(_is_digit, bare)):
        return []
    pieces = [piece.strip("-_") for piece in bare.split(".")]
    if len(pieces) > 2 or (len(pieces) == 2 and pieces[1] in _ZONES):
        return []
    return [piece for piece in pieces if piece]


@lru_cache(maxsize=4096)
def _is_digit(character: str) -> bool:
    return unicodedata.category(character).startswith("N")


class _Kept(dict[int, str | None]):
    """For ``str.translate``: letters, digits and marks stay, joiners go, anything else parts words."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] in "LMN" or character in "-_.":
            self[code] = character
        else:
            self[code] = None if category == "Cf" or character in "'\N{RIGHT SINGLE QUOTATION MARK}" else " "
        return self[code]


_KEPT: Final = _Kept()
