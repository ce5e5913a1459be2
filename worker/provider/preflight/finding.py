"""What preflight has to say about one field of a request."""

from __future__ import annotations

from dataclasses import dataclass

from worker.errors import Problem


@dataclass(frozen=True, slots=True)
class Finding(Problem):
    """A problem, and whether the request must be kept back for it.

    Fatal: MiniMax would refuse the request, or answer something other than what was asked.
    Otherwise a warning: the request works, but a field does nothing or could not be checked.
    """

    fatal: bool = True
