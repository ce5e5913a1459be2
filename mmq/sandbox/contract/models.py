"""The models this MiniMax serves, with what the wire shows of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Model:
    """One model: sizes in tokens.

    `default_output_tokens` is the cap when the request names none. `full_frame`: a v2 stream ends with one more frame
    that repeats the whole text. `thinks`: answers carry reasoning. `published`: the day from which `/v1/models` lists
    it; None if it does not.
    """

    id: str
    context_tokens: int
    max_output_tokens: int
    default_output_tokens: int
    full_frame: bool = False
    thinks: bool = True
    published: datetime | None = None
    native_only: bool = False

    @property
    def speaks_sender_type(self) -> bool:
        """Whether the legacy API wants `sender_type`/`text` messages of it instead of `role`/`content`."""
        return self.id.startswith("abab")

    @property
    def newest_form(self) -> bool:
        """Whether it is an M3: its answers name a service tier, its temperatures on the OpenAI path go from 0 to 2."""
        return self.id.startswith("MiniMax-M3")


def _modern(name: str, published: str, context: int = 204_800, output: int = 204_800) -> Model:
    day = datetime.fromisoformat(published).replace(tzinfo=UTC)
    return Model(name, context, output, 10_240, published=day)


def _old(name: str, context: int, default: int = 2048) -> Model:
    return Model(name, context, context, default, full_frame=True, thinks=False)


# Source: MiniMax's model and limit pages; contexts that no page gives are those of their family.
MODELS = {
    model.id: model
    for model in (
        _modern("MiniMax-M3", "2026-06-01", 1_000_000, 524_288),
        _modern("MiniMax-M3.1-Flash", "2026-10-20", 1_000_000, 524_288),
        _modern("MiniMax-M2.7", "2026-03-18"),
        _modern("MiniMax-M2.7-highspeed", "2026-03-18"),
        _modern("MiniMax-M2.5", "2026-02-13"),
        _modern("MiniMax-M2.5-highspeed", "2026-02-13"),
        _modern("MiniMax-M2.1", "2025-12-23"),
        _modern("MiniMax-M2.1-highspeed", "2025-12-23"),
        _modern("MiniMax-M2", "2025-10-27"),
        Model("M2-her", 65_536, 2048, 2048, thinks=False, native_only=True),
        Model("MiniMax-M1", 1_000_000, 131_072, 8192, full_frame=True),
        _old("MiniMax-Text-01", 1_000_192),
        _old("abab6.5s-chat", 245_760),
        _old("abab6.5-chat", 8192),
        _old("abab6-chat", 32_768),
        _old("abab5.5-chat", 16_384, 256),
        _old("abab5.5s-chat", 8192, 256),
    )
}
