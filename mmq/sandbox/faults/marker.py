"""Behaviours asked for by the prompt itself.

`[[mmq:1027]]` refuses every time, `[[mmq:1000x2]]` twice and then answers, `[[mmq:error_mid_stream=1008x1]]` breaks off
with another code than usual. Several faults come one after the other, several quirks together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.faults.registry import complaint

_MARKER = re.compile(r"\[\[mmq:([a-z0-9_]+?)(?:=(\d+))?(?:x(\d+))?\]\]")


@dataclass(frozen=True, slots=True)
class Marker:
    """`times` None is always."""

    name: str
    code: int | None = None
    times: int | None = None


def markers(texts: Iterable[str]) -> list[Marker]:
    """Return the markers in some texts, in order.

    Raises:
        Refused: 2013 for a name that nothing bears, so that a misspelt marker is not taken for a good answer.
    """
    found = [
        Marker(name, int(code) if code else None, int(times) if times else None)
        for text in texts
        for name, code, times in _MARKER.findall(text)
    ]
    for marker in found:
        if problem := complaint(marker.name):
            raise Refused(2013, f"invalid params, {problem}")
    return found
