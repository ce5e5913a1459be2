"""Where an error came from, without its words."""

from __future__ import annotations

from worker import trace

SECRET = "a prompt that nobody may read"


def broken() -> Exception:
    """An error caused by another, both of which quote a prompt."""
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as exc:
            raise ValueError(SECRET) from exc
    except ValueError as exc:
        return exc


def test_tells_the_lines_and_the_chain_but_not_the_words() -> None:
    """Class, source lines and the cause are there; what the errors quote is not."""
    told = trace.of(broken())
    assert SECRET not in told
    assert told.index("ValueError") < told.index("caused by builtins.KeyError")
    assert "raise KeyError(SECRET)" in told
    assert "test_trace.py" in told


def test_an_error_that_was_never_raised_has_a_name() -> None:
    """There are no lines to tell."""
    assert trace.of(RuntimeError(SECRET)) == "builtins.RuntimeError"


def test_a_chain_without_end_is_cut() -> None:
    """Two errors that caused each other do not hang the log."""
    first, second = RuntimeError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert trace.of(first).count("caused by") == trace.LONGEST_CHAIN - 1
