"""Read one response from its first byte to an answer or a refusal; pure, so that any bytes can be tried on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from worker.provider.refusal import Refusal
from worker.provider.reply import Reply
from worker.provider.scrub import MESSAGE_LIMIT, Scrub
from worker.provider.wire import response_headers
from worker.provider.wire.body import Body, body_of, object_of
from worker.provider.wire.envelope import Failure, failure_of, stray_message
from worker.provider.wire.fold import Fold
from worker.provider.wire.intake import Intake, TooLarge
from worker.provider.wire.piece import Piece
from worker.provider.wire.sse import FrameTooLarge
from worker.provider.wire.storable import storable

_SAID_IN_PARTIAL_TEXT = frozenset({"truncated_stream", "idle_timeout", "total_timeout"})


class Reading:
    """One response, streamed or not: both can come whatever was asked.

    Feed it chunks until `ended`, then ask for the `outcome` once. An error anywhere in it makes it a refusal; a
    connection that breaks after the answer's last word does not, because the answer is complete and paid.
    """

    def __init__(
        self,
        read: Callable[[Mapping[str, Any]], Piece | None],
        status: int,
        headers: Mapping[str, str],
        model: str,
        scrub: Scrub,
    ) -> None:
        self._status = status
        self._headers = headers
        self._model = model
        self._scrub = scrub
        self._intake = Intake(headers.get("content-type", ""))
        self._fold = Fold(read)
        self._failure: Failure | None = None
        self._cause: str | None = None
        self._body = Body("")  # the whole body, or a stream's latest frame
        self._done = False
        self.ended = False  #: nothing that follows matters

    @property
    def begun(self) -> bool:
        """Whether a stream has brought its first word."""
        return self._fold.begun

    @property
    def complete(self) -> bool:
        """Whether a stream has brought its last word; usage may follow."""
        return self._fold.complete

    def feed(self, chunk: bytes) -> str:
        """Return what the chunk adds to the answer's text."""
        try:
            frames = self._intake.feed(chunk)
        except (TooLarge, FrameTooLarge):
            self._end("response_too_large")
            return ""
        return "".join([self._frame(frame) for frame in frames])

    def finish(self) -> str:
        """Return what was held back of the text. Call it once, after the last chunk."""
        shown = "".join([self._frame(frame, last=True) for frame in self._intake.finish()])
        if not self._intake.streaming and self._cause is None:
            shown += self._whole()
        return shown + self._fold.finish()

    def outcome(
        self, broken: str | None, now: datetime, first_token_s: float | None, total_s: float
    ) -> Reply | Refusal:
        """Return what the response came to. `broken` is why reading stopped before its end, None if it did not."""
        cause = self._cause or self._reason(broken)
        if self._failure is not None or self._status >= 300 or cause is not None:
            return self._refusal(cause, now)
        fold = self._fold
        return Reply(
            text=fold.text,
            reasoning=fold.reasoning,
            tool_calls=fold.tool_calls,
            finish_reason=fold.finish_reason or "stop",
            model=fold.model or self._model,
            usage=fold.usage,
            request_id=self._request_id(fold.payload),
            http_status=self._status,
            warning=self._warning(broken),
            first_token_s=first_token_s,
            total_s=total_s,
            created=fold.created,
        )

    def _frame(self, frame: str, *, last: bool = False) -> str:
        if self.ended:
            return ""
        if frame == "[DONE]":
            self.ended = self._done = True
            return ""
        payload = object_of(frame)
        if payload is None:
            # The last line without newline is where a connection broke: half a frame, whose other half is missing.
            if not last and not self.complete:
                self._body = Body(frame)
                self._end("bad_frame")
            return ""
        self._body = Body(frame, payload)
        self._failure = failure_of(payload)
        self.ended = self._failure is not None
        return "" if self.ended else self._fold.feed(payload)

    def _whole(self) -> str:
        self._body = body_of(self._intake.raw)
        if self._body.payload is None:
            return ""
        self._failure = failure_of(self._body.payload)
        return "" if self._failure or self._status >= 300 else self._fold.feed(self._body.payload)

    def _end(self, cause: str) -> None:
        self._cause = cause
        self.ended = True

    def _reason(self, broken: str | None) -> str | None:
        """Return why there is no answer, None if there is one or the payload itself says why."""
        fold = self._fold
        if self._body.payload is None:
            return broken or self._body.cause or "empty_body"
        if self._failure is not None or self._status >= 300:
            return None
        if self._intake.streaming and not (self.complete or self._done):
            return broken or "truncated_stream"
        if not fold.chosen:
            return "no_choices"
        if fold.text or fold.reasoning or fold.tool_calls or fold.finish_reason == "length":
            return None
        return "content_filter" if fold.finish_reason == "content_filter" else "empty_answer"

    def _refusal(self, cause: str | None, now: datetime) -> Refusal:
        failure, payload = self._failure, self._body.payload or {}
        message = failure.message if failure else stray_message(payload) or self._body.message
        if failure and failure.code is None and self._status < 300:
            # Inside a stream that began with 200, the status this error would have had is all that tells its kind.
            cause = f"http_{failure.http_code}" if failure.http_code else "error_without_code"
        return Refusal(
            code=failure.code if failure else None,
            http_status=self._status,
            message=self._scrub(storable(message), MESSAGE_LIMIT),
            request_id=self._request_id(payload),
            body="" if cause in _SAID_IN_PARTIAL_TEXT else self._scrub(storable(self._body.text)),
            retry_after=response_headers.retry_after(self._headers, now),
            cause=cause,
            partial_text=self._fold.text,
        )

    def _request_id(self, payload: Mapping[str, Any]) -> str | None:
        # An echoing gateway may put anything under this name, too.
        found = response_headers.request_id(self._headers, payload)
        return self._scrub(found, response_headers.LONGEST_ID) if found else None

    def _warning(self, broken: str | None) -> str | None:
        fold = self._fold
        found = [*fold.warnings]
        if fold.model and fold.model.lower() != self._model.lower():
            found.append(f"answered by {fold.model}, asked of {self._model}")
        if fold.finish_reason is None:
            found.append("no finish_reason; the answer may be cut")
        if fold.unclosed and fold.finish_reason != "length":
            found.append("the reasoning was never closed; the answer may be inside it")
        if self._intake.replaced or self._body.replaced:
            found.append("bytes that were not UTF-8 were replaced")
        if broken:
            found.append(f"the connection ended after the last word: {broken}")
        return "; ".join(self._scrub(storable(text), MESSAGE_LIMIT) for text in found) or None
