"""Turn the bytes of a response, as they arrive, into the payloads in them."""

from __future__ import annotations

from worker.provider.wire.sse import SseDecoder

MAX_BODY_BYTES = 32 * 1024 * 1024  #: 524,288 tokens of escaped Chinese are about 12 MB
MAX_STREAM_BYTES = 256 * 1024 * 1024  #: 524,288 frames of one token and 400 bytes are 210 MB; only their text is kept

_SSE_FIELDS = (b"data:", b"event:", b"retry:", b"id:", b":")
_SURE_BYTES = 6  # the longest field with its colon
_BOM = b"\xef\xbb\xbf"


class TooLarge(ValueError):
    """The response went on beyond its limit."""


class Intake:
    """Tells a stream from a whole body by its first bytes, and splits a stream into frames.

    The content type only settles doubt: MiniMax sends JSON where a stream was asked, and gateways label either
    wrongly.
    """

    __slots__ = ("_body", "_decoder", "_events", "_head", "_size")

    def __init__(self, content_type: str) -> None:
        self._events = "event-stream" in content_type.lower()
        self._head = b""
        self._decoder: SseDecoder | None = None
        self._body: list[bytes] | None = None
        self._size = 0

    @property
    def streaming(self) -> bool:
        """Whether the response is an event stream; False until its first bytes say so."""
        return self._decoder is not None

    @property
    def replaced(self) -> bool:
        """Whether frames held bytes that were not UTF-8."""
        return self._decoder is not None and self._decoder.replaced

    @property
    def raw(self) -> bytes:
        """The whole body, where it is no stream."""
        return b"".join(self._body or ()) or self._head

    def feed(self, chunk: bytes) -> list[str]:
        """Return the frames that this chunk completes; none for a whole body.

        Raises: TooLarge, FrameTooLarge.
        """
        self._size += len(chunk)
        if self._decoder is not None:
            if self._size > MAX_STREAM_BYTES:
                raise TooLarge(f"a stream of over {MAX_STREAM_BYTES} bytes")
            return self._decoder.feed(chunk)
        if self._size > MAX_BODY_BYTES:
            raise TooLarge(f"a body of over {MAX_BODY_BYTES} bytes")
        if self._body is not None:
            self._body.append(chunk)
            return []
        return self._first(chunk)

    def finish(self) -> list[str]:
        """Return the frame of a stream's last line that had no newline."""
        return [] if self._decoder is None else self._decoder.finish()

    def _first(self, chunk: bytes) -> list[str]:
        self._head += chunk
        bare = self._head.removeprefix(_BOM).lstrip()
        if bare.startswith((b"{", b"[", b"<", b'"')):
            self._body = [self._head]
        elif bare.startswith(_SSE_FIELDS) or (self._events and len(bare) >= _SURE_BYTES):
            self._decoder = SseDecoder()
            return self._decoder.feed(self._head)
        elif len(bare) >= _SURE_BYTES:
            self._body = [self._head]
        return []
