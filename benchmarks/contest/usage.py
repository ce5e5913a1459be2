"""What processes use: CPU time and memory of whole trees, looked at five times a second."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

LOOK_S = 0.2
MEMORY_EVERY = 4  # looks: the kernel walks all pages for this figure
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Look:
    """At a moment of `time.time`: seconds of CPU, user and system, that a tree has used so far, and its memory."""

    at: float
    cpu_s: float
    memory_bytes: int


class Usage:
    """Looks at the tree of each named root while its block lasts.

    Ended processes count by what their parent has reaped. Memory is the proportional set size: pages that processes
    share are counted once.
    """

    def __init__(self, **roots: int) -> None:
        self._roots = roots
        self._looks: dict[str, list[Look]] = {name: [] for name in roots}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def cpu_s(self, name: str, begin: float, end: float) -> float:
        """Return seconds of CPU between two moments, interpolated between looks."""
        return self._at(name, end) - self._at(name, begin)

    def peak_bytes(self, name: str) -> int:
        """Return the most memory seen."""
        return max((look.memory_bytes for look in self._looks[name]), default=0)

    def _at(self, name: str, moment: float) -> float:
        looks = self._looks[name]
        after = bisect_left([look.at for look in looks], moment)
        if after == 0:
            return looks[0].cpu_s if looks else 0.0
        if after == len(looks):
            return looks[-1].cpu_s
        one, other = looks[after - 1], looks[after]
        return one.cpu_s + (other.cpu_s - one.cpu_s) * (moment - one.at) / (other.at - one.at)

    def _watch(self) -> None:
        number = 0
        while not self._ending.wait(LOOK_S):
            table = processes()
            for name, root in self._roots.items():
                self._looks[name].append(look(root, table, memory=number % MEMORY_EVERY == 0))
            number += 1


def processes() -> dict[int, tuple[int, float]]:
    """Return each process's parent and seconds of CPU, its reaped children's included."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            found[int(stat.parent.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / TICKS)
    return found


def look(root: int, table: dict[int, tuple[int, float]], *, memory: bool) -> Look:
    """Sum up a tree."""
    tree = {root}
    while more := {pid for pid, (parent, _) in table.items() if parent in tree} - tree:
        tree |= more
    used = sum(table[pid][1] for pid in tree if pid in table)
    return Look(time.time(), used, sum(map(_pss_bytes, tree)) if memory else 0)


def _pss_bytes(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
