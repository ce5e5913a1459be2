"""How a run ends for whoever started it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmq.cli.ending import finish
from mmq.report.summary import Summary
from mmq.run.story import Ending

SUMMARY = Summary(
    batch_id="batch-1",
    lines=3,
    answered=2,
    failed=1,
    withdrawn=0,
    open=0,
    bad_lines=0,
    before=0,
    seconds=1.0,
    calls=3,
    calls_failed=1,
    calls_late=0,
    calls_broken_off=0,
    refused_by_limits=0,
    limit_codes=[],
    waited_s=0.0,
    prompt_tokens=1,
    completion_tokens=1,
    failures=[],
    answers_file=None,
    errors_file=None,
)


@pytest.mark.parametrize("still_open", [0, 1])
def test_how_to_go_on_after_fresh_does_not_begin_anew(still_open: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command with --fresh would ask everything again, and all of it would be paid twice."""
    ending = Ending(replace(SUMMARY, open=still_open), signal_code=130 if still_open else None)
    finish(ending, quiet=False, as_json=False)
    assert "the same command" in (told := " ".join(capsys.readouterr().err.split()))
    assert "--fresh" not in told
    finish(replace(ending, fresh=True), quiet=False, as_json=False)
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("the same command") == told.count("the same command without --fresh") > 0
