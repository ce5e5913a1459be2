"""Hosts as a doctor finds them, all on loopback."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

from mmq.doctor import host
from mmq.doctor.check import Level
from worker import settings


@contextmanager
def listener(answer: bytes = b""):
    """A port that takes one connection, says this, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if answer:
                    connection.recv(1024)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def found(base_url: str) -> tuple[Level, str]:
    """The one finding about this API root."""
    environ = {"MMQ_HOME": "/srv/mmq", "MINIMAX_API_KEY": "sandbox-key", "MINIMAX_BASE_URL": base_url}
    (check,) = host.look(settings.load(environ))
    return check.level, check.found


def test_a_host_that_listens_is_reached():
    """Nothing is sent to it."""
    with listener() as port:
        level, said = found(f"http://127.0.0.1:{port}/v1")
    assert (level, said.startswith("127.0.0.1 is reached in")) == (Level.OK, True)


def test_a_port_that_nobody_listens_on_fails():
    """With the system's reason."""
    level, said = found("http://127.0.0.1:1/v1")
    assert (level, "refused" in said) == (Level.FAIL, True)


def test_a_port_that_does_not_speak_tls_fails():
    """https on a plain port."""
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        level, said = found(f"https://127.0.0.1:{port}/v1")
    assert (level, "does not speak TLS" in said) == (Level.FAIL, True)


def test_a_name_that_does_not_exist_fails():
    """A host name that no name server may know (RFC 6761), or that is no name at all."""
    level, said = found(f"https://{'a' * 64}.invalid/v1")
    assert (level, "cannot be resolved" in said) == (Level.FAIL, True)


def test_without_an_account_there_is_no_host_to_reach():
    """The settings say that the key is missing."""
    assert list(host.look(settings.load({"MMQ_HOME": "/srv/mmq"}))) == []
