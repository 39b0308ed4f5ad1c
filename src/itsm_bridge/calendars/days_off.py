"""Which days a calendar takes off, and what they are called: public holidays, those of files, and our own."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from itsm_bridge.config.model import Holidays
from itsm_bridge.errors import ConfigurationInvalid


def days_off(holidays: Holidays, first: int, last: int) -> Mapping[date, str]:
    """The days off by name, for the years ``first`` to ``last`` at least; of two names our own counts, then a file's.

    Raises ``ConfigurationInvalid`` for a region that the ``holidays`` package does not know.
    """
    public = _public(holidays.country, holidays.subdivision, first, last) if holidays.country else {}
    kept = {day: name for day, name in {**public, **holidays.listed}.items() if day not in holidays.remove}
    return {**kept, **holidays.add}


@lru_cache(maxsize=64)
def _public(country: str, subdivision: str | None, first: int, last: int) -> Mapping[date, str]:
    """The public holidays of a region, with the days on which they are observed.

    Where the ``holidays`` package knows the movable days of some years only, other years have the fixed days alone.
    """
    library = importlib.import_module("holidays")  # 70 ms that a calendar without public holidays need not wait for
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of the years named above, for every year and calendar
            days = library.country_holidays(country, subdiv=subdivision, years=range(first - 1, last + 2))
    except NotImplementedError as unknown:
        region = f"{country}-{subdivision}" if subdivision else country
        raise ConfigurationInvalid(f"holidays of the region {region!r} are not known: {unknown}") from unknown
    return dict(days)
