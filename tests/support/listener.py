"""A server on loopback that only listens: what a client says to whoever happens to be there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self


class Listener:
    """Answers every connection with `answer`, then closes it; `heard` is all that was said to it."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[bytes] = []

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                peer, _ = self._socket.accept()
                with peer, suppress(OSError):
                    peer.settimeout(5)
                    self.heard.append(peer.recv(4096))
                    peer.sendall(self._answer)
                    while more := peer.recv(4096):
                        self.heard.append(more)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake a thread that waits in accept.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@contextmanager
def listening(answer: bytes = b"") -> Iterator[Listener]:
    """A server that is not what the client hopes for."""
    with Listener(answer) as listener:
        yield listener
