"""The HTTP stack under the client: httpx's interface over aiohttp's connections."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

KEEPALIVE_SECONDS = 15.0  #: an idle connection kept longer may be closed by MiniMax just as a request goes out on it

#: Whatever the stack raises. aiohttp's own come through where httpx-aiohttp has no name for them (a malformed status
#: line, say); OSError includes the TimeoutError of a timer; UnicodeError is a host name that IDNA cannot write.
ERRORS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, aiohttp.ClientError, OSError, UnicodeError)


def pool() -> httpx.AsyncBaseTransport:
    """Return a pool with as many connections as calls in flight; admission bounds those, not the pool.

    It belongs to the event loop that first uses it. Proxies and .netrc of the environment are not read: a .netrc
    entry would replace the Authorization header, and a proxy would be one more reader of every prompt.
    SSL_CERT_FILE is, for networks with an authority of their own.
    """
    context = httpx.create_ssl_context()
    return AiohttpTransport(verify=context, client=lambda: _session(context))


def cause_of(exc: BaseException) -> str:
    """Return the class name that tells what happened.

    httpx-aiohttp 0.2 makes a ConnectTimeout of a refused connection as well as of one that was cut after the
    request had been sent, which would count as not sent; aiohttp's own name, one step down, is right.
    """
    origin = exc.__cause__ if isinstance(exc, httpx.HTTPError) and exc.__cause__ is not None else exc
    return type(origin).__name__


def plain(headers: httpx.Headers) -> dict[str, str]:
    """Return headers by their names in lower case. Each look into httpx's own walks through all of them."""
    found: dict[str, str] = {}
    encoding = headers.encoding  # guessed from all of them, each time that it is asked for
    for raw_name, raw_value in headers.raw:
        name, value = raw_name.lower().decode(encoding), raw_value.decode(encoding)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def body(response: httpx.Response) -> AsyncIterable[bytes]:
    """Return the chunks of a body as they come, decompressed where somebody compressed it unasked."""
    if "content-encoding" in response.headers or not isinstance(response.stream, httpx.AsyncByteStream):
        return response.aiter_bytes()
    return response.stream  # without the four generators of `aiter_bytes`


def _session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=0, keepalive_timeout=KEEPALIVE_SECONDS),
        # A load balancer's cookie would send every call of this worker to one and the same machine.
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )
