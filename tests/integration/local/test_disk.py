"""Room for what is to be recorded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmq.local.disk import LEAST_BYTES, shortage


@pytest.mark.parametrize(("free", "full"), [(LEAST_BYTES, False), (LEAST_BYTES - 1, True), (0, True)])
def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, full: bool) -> None:
    """With what is left of it; one with room says nothing."""
    real = os.statvfs(tmp_path)
    fields = list(real)
    fields[0] = fields[1] = 1  # a block is a byte, so that what is free can be told exactly
    fields[4] = free
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(fields))
    assert (str(tmp_path) in shortage(tmp_path)) is full
