"""`mmq purge`, as people run it."""

from __future__ import annotations

from collections.abc import Callable


def test_old_jobs_are_deleted_and_open_ones_stay(place: Callable[..., tuple]) -> None:
    """A dry run says the same and deletes nothing; a batch that still has jobs stays; wrong words are refused."""
    mmq, _ = place()
    assert mmq.run("run", mmq.write("in.txt", "one", "two", "three"), "-o", "out.jsonl").returncode == 0
    answered = mmq.json("status")["batches"][0]["id"]
    waiting = mmq.run("submit", mmq.write("later.txt", "four")).stdout.strip()
    assert mmq.json("purge", "--older-than", "1d")["jobs"] == 0
    planned = mmq.json("purge", "--older-than", "0s", "--dry-run")
    assert (planned["jobs"], planned["attempts"], planned["batches"], planned["dry_run"]) == (3, 3, 1, True)
    assert planned["bytes"] > 0
    assert mmq.json("purge", "--older-than", "0s", "--state", "failed") == {
        **dict.fromkeys(planned, 0),
        "dry_run": False,
    }
    assert mmq.json("purge", waiting, "--older-than", "0s")["jobs"] == 0
    purged = mmq.run("purge", answered, "--older-than", "0s")
    assert purged.stdout.startswith("deleted 3 jobs, 3 attempts and 1 batch: ")
    assert "VACUUM" in purged.stderr
    assert [batch["id"] for batch in mmq.json("status")["batches"]] == [waiting]
    assert mmq.json("status", waiting)["open"] == 1
    assert mmq.run("purge", answered, "--older-than", "0s").returncode == 2
    assert mmq.run("purge", "--older-than", "soon").returncode == 2
    assert mmq.run("purge", "--older-than", "1d", "--state", "queued").returncode == 2
