"""`mmq move`: jobs wait in another lane from now on."""

from __future__ import annotations

from collections.abc import Callable


def test_a_moved_batch_waits_in_its_new_lane(place: Callable[..., tuple]) -> None:
    """Queued jobs change their lane once; an unknown id and an unknown lane are refused."""
    mmq, _ = place()
    batch = mmq.run("submit", mmq.write("in.txt", "one", "two"), "--lane", "bulk").stdout.strip()
    assert mmq.json("move", batch, "--lane", "interactive") == {"moved": 2, "lane": "interactive"}
    assert mmq.run("move", batch, "--lane", "interactive").stdout == "moved 0 jobs to interactive\n"
    assert mmq.run("move", "x", "--lane", "bulk").returncode == 2
    assert mmq.run("move", batch, "--lane", "express").returncode == 2
