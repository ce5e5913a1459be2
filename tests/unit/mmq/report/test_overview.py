"""The whole queue on one screen."""

from __future__ import annotations

import io

from mmq.report.overview import AccountState, LaneState, Overview, rendered
from mmq.report.paper import put


def test_every_account_is_named_with_what_it_serves() -> None:
    """Where it is, by which API, and whether it is paused."""
    overview = Overview(
        lanes=[LaneState("bulk", 3, 1, False)],
        accounts=[
            AccountState("main", "v2", "https://api.minimax.io/v1", None, False),
            AccountState("spare", "openai", "https://api.minimaxi.com/v1", ["MiniMax-M3"], True),
        ],
        workers=[],
        pauses=[],
        batches=[],
    )
    out = io.StringIO()
    put(rendered(overview), out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["main", "v2", "https://api.minimax.io/v1", "all"] in lines
    assert ["spare", "openai", "https://api.minimaxi.com/v1", "MiniMax-M3", "paused"] in lines
