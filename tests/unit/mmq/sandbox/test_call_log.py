"""What the sandbox remembers."""

from __future__ import annotations

from mmq.sandbox.call_log import CallLog, Entry


def one_call(log: CallLog, digest: str, started: float, outcome: str = "ok") -> None:
    """Log a call of one second."""
    entry = Entry(f"id-{started}", "/v1/chat/completions", started, api="openai")
    log.opened(entry)
    log.read(entry, digest)
    if outcome != "1002":
        log.admitted(entry)
    entry.outcome, entry.answered = outcome, outcome == "ok"
    log.closed(entry, started + 1)


def test_counts_outlive_the_entries() -> None:
    """A log of two entries still knows how often each of three prompts was answered."""
    log = CallLog(2)
    for started, (digest, outcome) in enumerate([("a", "1002"), ("a", "ok"), ("a", "ok"), ("b", "stall")], 100):
        one_call(log, digest, float(started), outcome)
    assert [entry.digest for entry in log.entries] == ["a", "b"]
    assert list(log.tallies(answered_over=1)) == [{"digest": "a", "asked": 3, "admitted": 2, "answered": 2}]
    stats = log.stats()
    assert stats["outcomes"] == {"ok": 2, "1002": 1, "stall": 1}
    assert (stats["calls"], stats["answered"], stats["answered_again"], stats["rps"]) == (4, 2, 1, 1.0)


def test_entry_without_an_outcome_was_abandoned() -> None:
    """Whoever leaves before an answer is counted as such."""
    log, entry = CallLog(5), Entry("id", "/v1/chat/completions", 100.0)
    log.opened(entry)
    assert log.stats()["in_flight"] == 1
    log.closed(entry, 101.0)
    assert log.stats()["outcomes"] == {"abandoned": 1}
    assert (log.stats()["in_flight"], log.stats()["max_in_flight"]) == (0, 1)


def test_log_of_size_zero_keeps_counts_alone() -> None:
    """A million calls need no memory for entries."""
    log = CallLog(0)
    one_call(log, "a", 100.0)
    assert not log.entries
    assert log.stats()["calls"] == 1
