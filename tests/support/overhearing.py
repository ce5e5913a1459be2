"""Hears every command that a Redis is given: what passes through it leaves no other trace."""

from __future__ import annotations

import binascii
import re
import socket
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


class Overheard:
    """What was said so far."""

    def __init__(self) -> None:
        self._said: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Take in the next bytes."""
        self._said.append(data)

    @property
    def plain(self) -> bytes:
        """All of it, with what Celery writes as base64 readable behind it."""
        said = b"".join(self._said)
        return b"\n".join([said, *(_decoded(text) for text in _BASE64.findall(said))])


@contextmanager
def overheard(unix_socket: str, password: str = "") -> Iterator[Overheard]:
    """Listen to the server from now on; it is told no password but to let us in."""
    ear = Overheard()
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(unix_socket)
        monitor.sendall((f"AUTH {password}\r\n" if password else "").encode() + b"MONITOR\r\n")
        thread = threading.Thread(target=_listen, args=(monitor, ear))
        thread.start()
        try:
            yield ear
        finally:
            with suppress(OSError):  # the server may have ended before us
                monitor.shutdown(socket.SHUT_RDWR)
            thread.join()


def _listen(monitor: socket.socket, ear: Overheard) -> None:
    with suppress(OSError):
        while data := monitor.recv(1 << 16):
            ear.add(data)


def _decoded(text: bytes) -> bytes:
    with suppress(binascii.Error):
        return b64decode(text[: len(text) // 4 * 4])
    return b""
