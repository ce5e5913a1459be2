"""Whether the place of a SQLite file suits it: ours, local, and not full."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from mmq.doctor.check import Check, fail, ok, warn

FULL_BYTES = 50_000_000
NEARLY_FULL_BYTES = 1_000_000_000  # 50,000 jobs with their answers take about half of it
MOUNTS = Path("/proc/mounts")
NETWORKED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.s3fs"}
)
ELSEWHERE = "set MMQ_HOME to a folder on a local disk"


def look(file: Path) -> Iterator[Check]:
    """Look at the folder of a file, or where it would be made."""
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        yield fail("disk", f"{folder} cannot be written to", "set MMQ_HOME to a folder of yours")
        return
    kind = filesystem(folder, MOUNTS.read_text(errors="replace") if MOUNTS.exists() else "")
    free = shutil.disk_usage(folder).free
    if kind in NETWORKED:
        yield warn("disk", f"{folder} is on {kind}, where SQLite's locks do not hold reliably", ELSEWHERE)
    elif free < FULL_BYTES:
        yield fail("disk", f"{folder} has {free / 1e6:.0f} MB free", f"make room, or {ELSEWHERE}")
    elif free < NEARLY_FULL_BYTES:
        yield warn("disk", f"{folder} has {free / 1e6:.0f} MB free", f"make room, or {ELSEWHERE}")
    else:
        yield ok("disk", f"{folder} has {free / 1e9:.0f} GB free")


def filesystem(folder: Path, mounts: str) -> str:
    """Return the kind of file system that a folder is on, by the text of /proc/mounts; "" where that does not tell."""
    kind, longest = "", -1
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if folder.resolve().is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = fields[2], len(point.parts)
    return kind
