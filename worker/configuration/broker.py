"""Where Redis is: the URL, in the forms that redis-py and Celery want."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from worker.configuration.environment import Reader
from worker.errors import ConfigurationError

SCHEMES = frozenset({"redis", "rediss", "unix"})
SENTINEL = "sentinel://"
SOCKET_PATH_BYTES = 100  # the kernel's limit for a socket path is 104 bytes on macOS, 108 on Linux


def broker_url(environ: Mapping[str, str]) -> str:
    """Return Celery's broker URL: MMQ_BROKER_URL, else MMQ_REDIS_URL, else the embedded Redis of MMQ_HOME.

    Raises:
        ConfigurationError: the file that holds one of them cannot be read.
    """
    reader = Reader(environ)
    home = Path(environ.get("MMQ_HOME") or ".mmq").expanduser().resolve()
    url = reader.confided("MMQ_BROKER_URL") or reader.confided("MMQ_REDIS_URL") or f"unix://{socket_path(home)}"
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return for_celery(url)


def for_celery(url: str) -> str:
    """Return a URL of ours as Celery wants it."""
    if url.startswith("rediss://") and "ssl_cert_reqs=" not in url:
        # Without it kombu checks no certificate at all, and the password would go to whoever answers.
        return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=required"
    if not url.startswith("unix://"):
        return url
    # kombu's names for what redis-py calls unix:// and db
    path, _, query = url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}" + (f"?{re.sub(r'^db=|(?<=&)db=', 'virtual_host=', query)}" if query else "")


def redis_complaint(url: str) -> str | None:
    """Return what is wrong with a Redis URL, without repeating the password it may hold; None if nothing is."""
    if url.startswith(SENTINEL):
        return broker_complaint(url)
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in SCHEMES:
        return f"begins with {parts.scheme!r}, not with one of {', '.join(sorted(SCHEMES))}"
    if parts.scheme == "unix" and not parts.path:
        return "names no socket"
    if parts.scheme != "unix" and not parts.hostname:
        return "names no host"
    return None


def broker_complaint(url: str) -> str | None:
    """Return what is wrong with another broker's URL, None if nothing is known to be.

    Celery could ask Sentinels if it were told the master's name, which no URL can say; and admission cannot.
    """
    return "names Sentinels, which cannot be asked here" if url.startswith(SENTINEL) else None


def remedy(url: str) -> str:
    """Return what to do about a URL with a complaint."""
    if url.startswith(SENTINEL):
        return "name one address that follows the master, as docs/production.md tells"
    return "set it like redis://:password@host:6379/0, or unset it"


def socket_path(home: Path) -> Path:
    """Return where the embedded Redis of a home listens: in it, or, if that path is too long, in a private folder."""
    path = home / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mmq-{os.getuid()}-{digest}" / "redis.sock"
