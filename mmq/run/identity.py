"""What makes two runs the same run, and two lines the same job."""

from __future__ import annotations

import json
import socket
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from mmq.formats.source import STDIN
from models.session import database_url


def batch_key(source: str, content_digest: str, database: str) -> str:
    """Return the key of the batch of an input: its absolute path, or, for standard input, what it said.

    In a database that machines share, the same path on another machine is another input.
    """
    if source == STDIN:
        return f"stdin:{content_digest}"
    path = str(Path(source).resolve())
    if database_url(database).get_backend_name() == "sqlite":
        return f"file:{path}"
    return f"file:{socket.gethostname()}:{path}"


class JobKeys:
    """Makes the keys of a batch's lines; to be asked once for each, in their order.

    A line with a name of its own is the same job as long as name and request are the same. A line without one has only
    its request: it is the same job wherever it stands, the second of two equal lines another, so that a line inserted
    above does not make all below it new and paid again.
    """

    def __init__(self, batch_id: str) -> None:
        self._batch_id = batch_id
        self._seen: Counter[bytes] = Counter()

    def of(self, number: int, custom_id: str, request: dict[str, Any]) -> str:
        """Return the key of line `number`."""
        name: str | int = custom_id
        if custom_id == f"line-{number}":
            digest = sha256(_canonical(request)).digest()[:16]
            name = self._seen[digest]
            self._seen[digest] += 1
        return f"run:{sha256(_canonical([self._batch_id, name, request])).hexdigest()[:40]}"


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
