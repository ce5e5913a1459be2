"""What the model of admission keeps of each worker."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class WorkerRow:
    """What one worker last reported."""

    held: int = 0
    waiting: list[int] = field(default_factory=lambda: [0, 0, 0])
    lease_ends: float = 0.0
