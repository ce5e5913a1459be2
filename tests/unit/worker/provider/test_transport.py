from __future__ import annotations

import builtins
import socket
import ssl
from collections.abc import Iterator

import aiohttp
import httpx
import pytest

from support.minimax_calls import call
from worker.provider.classification import Action, codes
from worker.provider.refusal import Refusal
from worker.provider.transport import ERRORS, forget_frames


def every(base: type[BaseException], package: str) -> Iterator[type[BaseException]]:
    """The class and all below it that the package itself defines."""
    if base.__module__.split(".")[0] == package:
        yield base
    for below in base.__subclasses__():
        yield from every(below, package)


# Raised by nothing that this client does: websockets, redirects that aiohttp is told not to follow, cookies, an
# exception that httpx raises only where raise_for_status is called.
NEVER = {
    "WSServerHandshakeError",
    "TooManyRedirects",
    "RedirectClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlRedirectClientError",
    "HTTPStatusError",
}
# Abstract: only classes below them are raised.
ABSTRACT = {"HTTPError", "RequestError", "TransportError", "ClientError"}

HTTPX = {exc for base in (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) for exc in every(base, "httpx")}
AIOHTTP = set(every(aiohttp.ClientError, "aiohttp"))


@pytest.mark.parametrize("exc", sorted(HTTPX | AIOHTTP, key=lambda cls: (cls.__module__, cls.__name__)))
def test_every_exception_of_the_stack_has_a_row(exc: type[BaseException]) -> None:
    """A new version's new exception shows here, not as a network error without a name."""
    assert issubclass(exc, ERRORS)
    if exc.__name__ not in NEVER | ABSTRACT:
        assert exc.__name__ in codes().causes


def test_every_cause_is_an_exception_that_exists() -> None:
    """A name misspelt in the table would never be found."""
    known = {exc.__name__ for exc in HTTPX | AIOHTTP}.union(vars(builtins), vars(socket), vars(ssl))
    assert set(codes().causes) <= known


@pytest.mark.parametrize("exc", [httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.PoolTimeout])
def test_an_exception_becomes_a_failed_call(exc: type[httpx.HTTPError]) -> None:
    """With its class for a cause, and without the exception itself, which holds the request and its header."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise exc("no luck", request=request)  # type: ignore[call-arg]

    failure = call(fail).failure
    assert failure.refusal == Refusal(cause=exc.__name__, message="no luck")
    assert failure.verdict.action is Action.RETRY
    assert failure.__cause__ is None
    assert failure.__context__ is None


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (aiohttp.ServerDisconnectedError(), "disconnected"),
        (aiohttp.ClientOSError(104, "reset by peer"), "connection_reset"),
        (aiohttp.ClientConnectionResetError("closing"), "connection_reset"),
        (aiohttp.ConnectionTimeoutError("slow"), "connect_timeout"),
        (aiohttp.SocketTimeoutError("slow"), "first_byte_timeout"),
        (aiohttp.ClientPayloadError("cut"), "truncated_body"),
    ],
)
def test_each_way_of_aiohttp_to_fail_has_its_code(raised: Exception, code: str) -> None:
    """Above all a connection cut after connecting: what was sent before may have been paid."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise raised

    assert call(fail).failure.verdict.code == code


def raised(error: Exception) -> Exception:
    """Return an error with the traceback of this place."""
    try:
        raise error
    except type(error) as caught:
        return caught


def test_an_error_and_what_led_to_it_forget_where_they_were_raised() -> None:
    """Also where two name each other as their causes, which would else be gone through without end."""
    one, other = raised(OSError("one")), raised(ValueError("other"))
    one.__cause__, other.__cause__ = other, one
    forget_frames(one)
    assert (one.__traceback__, other.__traceback__) == (None, None)
