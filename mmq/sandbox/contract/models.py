"""The models this MiniMax serves, with what the wire shows of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """One model: sizes in tokens.

    `default_output_tokens` is the cap when the request names none. `full_frame`: a v2 stream ends with one more frame
    that repeats the whole text. `thinks`: answers carry reasoning. `listed`: `/v1/models` shows it.
    """

    id: str
    context_tokens: int
    max_output_tokens: int
    default_output_tokens: int
    full_frame: bool = False
    thinks: bool = True
    listed: bool = True
    native_only: bool = False

    @property
    def speaks_sender_type(self) -> bool:
        """Whether the legacy API wants `sender_type`/`text` messages of it instead of `role`/`content`."""
        return self.id.startswith("abab")

    @property
    def zero_temperature(self) -> bool:
        """Whether the OpenAI path takes temperatures from 0 to 2 (M3) instead of (0, 1]."""
        return self.id.startswith("MiniMax-M3")


def _modern(name: str, context: int = 204_800, output: int = 204_800) -> Model:
    return Model(name, context, output, 10_240)


def _old(name: str, context: int, default: int = 2048) -> Model:
    return Model(name, context, context, default, full_frame=True, thinks=False, listed=False)


# Source: MiniMax's model and limit pages; the abab contexts that no page gives are those of their family.
MODELS = {
    model.id: model
    for model in (
        _modern("MiniMax-M3", 1_000_000, 524_288),
        _modern("MiniMax-M3.1-Flash", 1_000_000, 524_288),
        _modern("MiniMax-M2.7"),
        _modern("MiniMax-M2.7-highspeed"),
        _modern("MiniMax-M2.5"),
        _modern("MiniMax-M2.5-highspeed"),
        _modern("MiniMax-M2.1"),
        _modern("MiniMax-M2.1-highspeed"),
        _modern("MiniMax-M2"),
        Model("M2-her", 65_536, 2048, 2048, thinks=False, listed=False, native_only=True),
        Model("MiniMax-M1", 1_000_000, 131_072, 8192, full_frame=True, listed=False),
        _old("MiniMax-Text-01", 1_000_192),
        _old("abab6.5s-chat", 245_760),
        _old("abab6.5-chat", 8192),
        _old("abab6-chat", 32_768),
        _old("abab5.5-chat", 16_384, 256),
        _old("abab5.5s-chat", 8192, 256),
    )
}
