"""A claimed job in a worker's hands."""

from __future__ import annotations

from typing import NamedTuple


class Holding(NamedTuple):
    """A job, and by which claim it is held.

    A worker that was frozen past its lease may claim a job again before its first execution of it has ended.
    """

    job_id: str
    claim: int
