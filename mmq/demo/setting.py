"""Where the demonstration plays: a MiniMax of our own that is slow, strict and now and then out of order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mmq.sandbox.config import SANDBOX_KEY, SandboxConfig

#: Probabilities. The first three fail for good, the others pass after a retry.
FAULTS = {"1026": 0.015, "1027": 0.01, "2013": 0.005, "html_502": 0.02, "disconnect": 0.015, "1033": 0.015}
CALLS_A_SECOND = 16
TOLD_A_MINUTE = 1800  # nearly twice what it allows: refusals are to be seen, and that the true limit is found by them
CALLS_AT_ONCE = 12


def minimax() -> SandboxConfig:
    """Return the sandbox: 300 ms a call, give or take 40 %, and fewer calls a second than are tried."""
    return SandboxConfig.of(latency_ms=300, latency_jitter=0.4, rps=CALLS_A_SECOND, faults=FAULTS, seed=3)


def environment(environ: Mapping[str, str], base_url: str, home: Path) -> dict[str, str]:
    """Return an environment for it that knows nothing of anybody's real account, database or Redis."""
    foreign = ("MINIMAX_", "MMQ_")
    kept = {name: value for name, value in environ.items() if not name.startswith(foreign)}
    return {
        **kept,
        "MINIMAX_API_KEY": SANDBOX_KEY,
        "MINIMAX_BASE_URL": base_url,
        "MMQ_HOME": str(home),
        "MMQ_CONFIG": os.devnull,
        "MMQ_RPM": str(TOLD_A_MINUTE),
        "MMQ_CONCURRENCY": str(CALLS_AT_ONCE),
    }
