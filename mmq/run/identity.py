"""What makes two runs the same run, and two lines the same job."""

from __future__ import annotations

import json
import socket
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


def job_key(batch_id: str, custom_id: str, request: dict[str, Any]) -> str:
    """Return the key of one line: the same line of the same batch is one job, a changed one is another."""
    canonical = json.dumps([batch_id, custom_id, request], sort_keys=True, separators=(",", ":"))
    return f"run:{sha256(canonical.encode()).hexdigest()[:40]}"
