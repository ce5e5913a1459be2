"""Reads plain text: a prompt a line, blank lines skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from mmq.formats.physical import decoded_lines
from mmq.formats.record import BadLine, Draft
from mmq.formats.request import short_draft


def read_plain(stream: BinaryIO) -> Iterator[Draft | BadLine]:
    """Yield one draft a line, the whole line being the prompt, spaces at its ends included."""
    for line in decoded_lines(stream):
        if isinstance(line, BadLine):
            yield line
        else:
            number, prompt = line
            yield short_draft(number, {"prompt": prompt})
