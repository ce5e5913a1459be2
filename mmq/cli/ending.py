"""How a run ends for whoever started it: the summary, what was in the way, how to go on, and an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mmq.cli.failure import SOME_FAILED, USAGE, complain, exit_code
from worker.errors import ConfigurationError, InvalidRequest

if TYPE_CHECKING:
    from mmq.report.summary import Summary
    from mmq.run.story import Ending


def finish(ending: Ending, *, quiet: bool, as_json: bool, again: bool = True) -> int:
    """Print how a run ended and return its exit code. `again`: the same command would go on with the same jobs."""
    summary = ending.summary
    if summary is not None:
        repeat = f"mmq retry {summary.batch_id}, then {_same(ending)}" if again else None
        present(summary, quiet=quiet, as_json=as_json, again=repeat)
    if ending.error is not None:
        complain(ending.error)
    if ending.error is None and ending.signal_code is None:
        return 0 if summary is not None and summary.complete else SOME_FAILED
    if again and not quiet:
        go_on(ending)
    if ending.signal_code is not None:
        return ending.signal_code
    from mmq.run.vigil import AccountPaused  # noqa: PLC0415

    if isinstance(ending.error, AccountPaused):
        return USAGE
    return exit_code(ending.error) if ending.error else 0


def present(summary: Summary, *, quiet: bool, as_json: bool, again: str | None = None) -> None:
    """Print a summary: as JSON on standard output, or for people on standard error.

    `again` tells how what failed is asked once more.
    """
    if as_json:
        from mmq.formats.printable import printable_json  # noqa: PLC0415

        print(printable_json(summary.as_json()), flush=True)
    if quiet:
        return
    from mmq.report.paper import put  # noqa: PLC0415
    from mmq.report.summary import rendered  # noqa: PLC0415

    put(rendered(summary, again), sys.stderr)


def go_on(ending: Ending) -> None:
    """Say what becomes of the jobs that are open."""
    summary = ending.summary
    if summary is None and isinstance(ending.error, ConfigurationError | InvalidRequest):
        return
    if summary is None:
        print("     nothing is lost; the same command goes on", file=sys.stderr)
    elif summary.open and ending.others_go_on:
        text = f"mmq: other workers go on with {summary.open:,} jobs; `mmq cancel {summary.batch_id}` stops them"
        print(text, file=sys.stderr)
    elif summary.open:
        print(f"mmq: {summary.open:,} are still to be answered; {_same(ending)} goes on", file=sys.stderr)


def _same(ending: Ending) -> str:
    """Return what to type to go on: with --fresh it would begin anew, and all would be paid again."""
    return "the same command without --fresh" if ending.fresh else "the same command"
