"""The HTTP stack under the client: httpx's interface over aiohttp's connections."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter

KEEPALIVE_SECONDS = 15.0  #: an idle connection kept longer may be closed by MiniMax just as a request goes out on it
CHUNK_BYTES = 16 * 1024  #: of a response's body, at most at a time
PIECE_BYTES = 64 * 1024  #: of a request's body, at most at a time: after as much aiohttp waits until it is on its way
SENT = "sent"  #: the extension of a request that is called when it goes out

#: Whatever the stack raises: aiohttp's own, and httpx's of other transports. OSError includes the TimeoutError of a
#: timer; UnicodeError is a host name that IDNA cannot write.
ERRORS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, aiohttp.ClientError, OSError, UnicodeError)


class Pool(httpx.AsyncBaseTransport):
    """As many connections as calls in flight; admission bounds those, not the pool.

    It belongs to the event loop that first uses it. Proxies and .netrc of the environment are not read: a .netrc
    entry would replace the Authorization header, and a proxy would be one more reader of every prompt.
    SSL_CERT_FILE is, for networks with an authority of their own.
    """

    def __init__(self, connect_s: float) -> None:
        """Open nothing yet. Name lookup, connecting and TLS together may take `connect_s`; a call has a timer."""
        self._ssl = httpx.create_ssl_context()
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return when the response's headers are there. Errors are aiohttp's own."""
        if self._session is None:
            self._session = self._open()
        response = await self._session.request(
            request.method,
            str(request.url),
            # httpx's own mapping walks through all headers for each of them.
            headers={name.decode("ascii"): value.decode("ascii") for name, value in request.headers.raw},
            data=_Body(request.read(), request.extensions.get(SENT)),
            allow_redirects=False,  # the key would go with them, to another host
        )
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Stream(response), request=request)

    async def aclose(self) -> None:
        """Close the connections. Calls in flight fail."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._ssl, limit=0, keepalive_timeout=KEEPALIVE_SECONDS),
            timeout=self._timeout,
            # A load balancer's cookie would send every call of this worker to one and the same machine.
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )


class _Body(aiohttp.Payload):
    """The body of a request, which tells when it goes out. aiohttp's own tracing would tell much more, at each call.

    aiohttp's own payload of bytes warns of those over 1 MiB, which it writes all at once. This one lends its bytes to
    the socket piece by piece, so that a long prompt is neither copied whole nor keeps other calls waiting.
    """

    _value: bytes
    _autoclose = True  # there is no file to close

    def __init__(self, content: bytes, sent: Callable[[], None] | None) -> None:
        super().__init__(content)
        self._size = len(content)
        self._sent = sent

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        if self._sent is not None:
            self._sent()
        whole = memoryview(self._value)
        for at in range(0, len(whole), PIECE_BYTES):
            await writer.write(whole[at : at + PIECE_BYTES])


class _Stream(httpx.AsyncByteStream):
    """The body of a response as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.content.iter_chunked(CHUNK_BYTES)

    async def aclose(self) -> None:
        self._response.release()
        await self._response.wait_for_close()


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


def forget_frames(error: BaseException) -> None:
    """Drop the tracebacks of an error and of what led to it: aiohttp keeps both, and their frames hold the request."""
    found: BaseException | None = error
    seen: set[int] = set()
    while found is not None and id(found) not in seen:  # errors may name each other as their causes
        seen.add(id(found))
        found.__traceback__, found = None, found.__cause__ or found.__context__
