"""Which file system a folder is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmq.doctor.disk import NETWORKED, filesystem

MOUNTS = """\
overlay / overlay rw 0 0
/dev/sda1 /nonexistent/home ext4 rw 0 0
server:/export /nonexistent/home/shared nfs4 rw 0 0
//server/x /nonexistent/with\\040space cifs rw 0 0
tmpfs /nonexistent/covered nfs rw 0 0
tmpfs /nonexistent/covered tmpfs rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/nonexistent/home/me", "ext4"),
        ("/nonexistent/home/shared", "nfs4"),
        ("/nonexistent/home/shared/a/b", "nfs4"),
        ("/nonexistent/home/sharedbutnot", "ext4"),
        ("/nonexistent/with space/a", "cifs"),
        ("/nonexistent/covered", "tmpfs"),
        ("/nonexistent", "overlay"),
    ],
)
def test_the_deepest_and_latest_mount_counts(folder, kind):
    """As for the kernel."""
    assert filesystem(Path(folder), MOUNTS) == kind


def test_a_machine_without_a_mount_table_tells_nothing():
    """macOS has none; nothing is claimed then."""
    assert filesystem(Path("/nonexistent"), "") == ""
    assert "" not in NETWORKED
