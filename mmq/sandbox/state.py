"""What one running sandbox knows and counts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import count
from os import urandom
from typing import Any

from mmq.sandbox.call_log import CallLog
from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.contract.auth import Keyring
from mmq.sandbox.faults.plan import Planner
from mmq.sandbox.limits.book import LimitBook
from mmq.sandbox.limits.terms import Growth, Limits, Rule

_LIMIT_FIELDS = {"rpm": int, "rps": int, "tpm": int, "concurrency": int, "window": str, "growth": dict}


class State:
    """The parts every request meets, and what the control endpoints change."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.keys = Keyring(config.keys)
        self.reset()
        self._instance = urandom(8).hex()
        self._numbers = count(1)
        # Windows must not jump with the system's clock, yet fixed ones begin on its minutes.
        self._epoch = time.time() - time.monotonic()

    def now(self) -> float:
        """Return seconds since the epoch; never goes back."""
        return self._epoch + time.monotonic()

    def request_id(self) -> str:
        """Return a new request id, 32 hex digits."""
        return f"{self._instance}{next(self._numbers):016x}"

    def reset(self) -> None:
        """Forget calls, counts, spent limits and struck markers; limits are those of the start again.

        Calls in flight end in the old log.
        """
        self.log = CallLog(self.config.log_size)
        self.limits = LimitBook(self.config.rules)
        self.planner = Planner(self.config.seed, self.config.faults, self.config.quirks)

    def set_limits(self, account: str | None = None, model: str | None = None, **limits: Any) -> None:
        """Put limits in force: any of `rpm`, `rps`, `tpm`, `concurrency`, `window`, `growth` (fields of Growth).

        They replace those set before for the same account and model (None: every one); what is left out is unlimited.

        Raises:
            ValueError: for a name or value that is no limit.
        """
        if not all(isinstance(name, str | None) for name in (account, model)):
            raise ValueError(f"limits of account {account!r} and model {model!r}: both must be names")
        for name, value in limits.items():
            kind = _LIMIT_FIELDS.get(name)
            if kind is None or not (value is None or type(value) is kind):
                raise ValueError(f"limit {name}={value!r} is none")
        growth = limits.pop("growth", None)
        try:
            made = Limits.of(**limits, growth=Growth(**growth) if growth else None)
        except TypeError as exc:
            raise ValueError(str(exc)) from exc
        self.limits.add(Rule(made, account, model))

    def stats(self) -> Mapping[str, Any]:
        """Return the log's counts with the budgets in use."""
        return self.log.stats() | {"budgets": self.limits.report(self.now())}
