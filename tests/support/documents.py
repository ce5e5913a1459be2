"""The README and the pages of docs/, and the code blocks in them.

A block's second word says what becomes of it: ```` ```sh ```` and ```` ```python ```` are run as they stand,
```` ```sh serve ```` runs beside those that follow, ```` ```sh docker ```` runs with stand-ins for docker and git,
```` ```sh make ```` is asked of make without doing it, ```` ```json ```` and ```` ```text ```` are only shown.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page."""

    page: Path
    kind: str
    text: str


def title(page: Path) -> str:
    """A page as one would type its path."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, *kinds: str) -> list[Block]:
    """The code blocks of a page in their order, of these kinds or of all."""
    found = [
        Block(page, fence["kind"], textwrap.dedent(fence["text"])) for fence in _FENCE.finditer(page.read_text("utf-8"))
    ]
    return [block for block in found if not kinds or block.kind in kinds]


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))
