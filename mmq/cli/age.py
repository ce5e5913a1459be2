"""How long ago, as people type it."""

from __future__ import annotations

import re
from datetime import timedelta

import typer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})\s*([smhdw])\Z")
LONGEST = timedelta(days=36_500)


def age_of(text: str) -> timedelta:
    """Return the time that `30d`, `12h`, `90m`, `45s` or `2w` means; at most a century."""
    found = _AGE.match(text.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no age: give a number with s, m, h, d or w, as 30d")
    return min(timedelta(**{_UNITS[found[2]]: int(found[1])}), LONGEST)
