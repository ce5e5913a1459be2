"""Writes the tables of docs/errors.md from worker/provider/codes.toml: `make docs`. Its prose is written by hand."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "errors.md"
TABLE = ROOT / "worker" / "provider" / "codes.toml"

PLACE = re.compile(r"(<!-- (\w+): written by `make docs` -->\n).*?(<!-- end -->)", re.DOTALL)
NAMES = {"{host}": "HOST", "{other_root}": "OTHER_ROOT", "{path}": "PATH"}


def written(text: str) -> str:
    """The page with all its tables as the codes are now. A place names the action of the codes that stand there."""
    codes: dict[str, dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return PLACE.sub(lambda place: f"{place[1]}\n{table(codes, place[2])}\n{place[3]}", text)


def actions(text: str) -> list[str]:
    """The actions that have a table on the page."""
    return [place[2] for place in PLACE.finditer(text)]


def table(codes: dict[str, dict[str, Any]], action: str) -> str:
    """All codes with this action."""
    tries = action == "retry"
    columns = ["code", "meaning", *(["more tries", "may be billed"] if tries else []), "what you can do"]
    lines = [columns, ["---"] * len(columns)]
    for code, entry in codes.items():
        if entry["action"] == action:
            billed = "yes" if entry.get("ambiguous") else "no"
            # Users see the code that MiniMax sent; the row only knows more about it.
            shown, more = f"`{entry.get('of', code)}`", [str(entry.get("retries", 0)), billed] if tries else []
            lines.append([shown, entry["meaning"], *more, remedy(entry)])
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n" for cells in lines)


def remedy(entry: dict[str, Any]) -> str:
    """What to do, with names where the queue says the account's own."""
    return re.sub("|".join(map(re.escape, NAMES)), lambda name: NAMES[name[0]], entry["remedy"])


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
