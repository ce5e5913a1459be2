"""Server-sent events, as far as MiniMax uses them: bytes in, one string per `data:` line out."""

from __future__ import annotations

MAX_FRAME_BYTES = 32 * 1024 * 1024  #: the v2 API's last frame repeats the whole answer, up to 524,288 tokens

_BOM = b"\xef\xbb\xbf"


class FrameTooLarge(ValueError):
    """A line went on for more than MAX_FRAME_BYTES; nothing after it can be trusted."""


class SseDecoder:
    r"""Splits a body that arrives in any pieces into frames.

    Every `data:` line is a frame of its own: legacy v1 parts its frames by a single newline, and no frame of
    MiniMax spans lines, so the standard's joining of lines would glue v1's frames together. Comments (`: ping`) and
    other fields are passed over. Lines end in `\n` or `\r\n`. Bytes that are not UTF-8 become U+FFFD.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    """

    __slots__ = ("_limit", "_partial", "_partial_bytes", "_started", "replaced")

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._limit = limit
        # A list, because joining a frame of megabytes anew for each read would cost quadratic time.
        self._partial: list[bytes] = []
        self._partial_bytes = 0
        self._started = False
        self.replaced = False  #: whether any byte was not UTF-8

    def feed(self, chunk: bytes) -> list[str]:
        """Return the frames that this piece completed.

        Raises: FrameTooLarge.
        """
        head, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._hold(chunk)
            return []
        complete = b"".join((*self._partial, head))
        self._partial.clear()
        self._partial_bytes = 0
        self._hold(rest)
        return self._frames(complete)

    def finish(self) -> list[str]:
        """Return the frame of a last line that had no newline."""
        complete = b"".join(self._partial)
        self._partial.clear()
        return self._frames(complete)

    def _hold(self, chunk: bytes) -> None:
        if not chunk:
            return
        self._partial.append(chunk)
        self._partial_bytes += len(chunk)
        if self._partial_bytes > self._limit:
            raise FrameTooLarge(f"a frame of over {self._limit} bytes")

    def _frames(self, complete: bytes) -> list[str]:
        if not self._started and complete:
            complete = complete.removeprefix(_BOM)
            self._started = True
        frames = []
        for line in complete.split(b"\n"):
            if line.startswith(b"data:"):
                data = line[5:].strip(b" \r")
                if data:
                    frames.append(self._text(data))
        return frames

    def _text(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            self.replaced = True
            return data.decode(errors="replace")
