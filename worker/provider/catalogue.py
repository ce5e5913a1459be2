"""What MiniMax offers: model ids, contexts, prices, published limits; `models.toml` gives each with source and date."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from worker.provider.account import Api

_FILE = Path(__file__).with_name("models.toml")

# MiniMax's families of text models. An id of these families that the catalogue lacks may be newer than the catalogue.
_FAMILY = re.compile(r"(minimax-|abab\d|m\d+-her$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in `currency`. None where MiniMax names no price for it."""

    currency: str  #: "USD", or "CNY" where only the Chinese price is known
    input: float
    output: float
    source: str
    as_of: str  #: the source's date, as exact as known: "2026-10-20", "2026-10" or "2025"
    cache_read: float | None = None
    cache_write: float | None = None
    up_to_prompt_tokens: int | None = None  #: the whole request pays the next tier above this; None: no end


@dataclass(frozen=True, slots=True)
class PublishedLimits:
    """What MiniMax's page grants an account for one model; a particular account may have more or less."""

    rpm: int  #: requests a minute
    tpm: int  #: tokens a minute, prompt and answer together
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Model:
    """One model id. None where no source gives the figure."""

    id: str  #: as MiniMax spells it; ids are case-sensitive
    apis: frozenset[Api]  #: the chat APIs it may be asked through
    prices: tuple[Price, ...]  #: by prompt length, the shortest first
    source: str
    as_of: str
    current: bool = False  #: worth suggesting to someone who named no MiniMax model
    context_tokens: int | None = None  #: prompt and answer together
    max_output_tokens: int | None = None
    limits: PublishedLimits | None = None
    temperature_from_0_to_2: bool = False  #: on the OpenAI-compatible API; otherwise above 0 and up to 1
    extra_roles: frozenset[str] = frozenset()  #: beside system, user, assistant and tool

    def price(self, prompt_tokens: int) -> Price | None:
        """Return the price that a prompt of this length pays, for all of its tokens. None if unknown."""
        for price in self.prices:
            if price.up_to_prompt_tokens is None or prompt_tokens <= price.up_to_prompt_tokens:
                return price
        return None


class Catalogue:
    """The models of one `models.toml`, in its order."""

    __slots__ = ("_by_id", "_by_plain_id", "checked", "models")

    def __init__(self, models: tuple[Model, ...], checked: date) -> None:
        self.models = models
        self.checked = checked  #: the day the file was last compared with its sources
        self._by_id = {model.id: model for model in models}
        self._by_plain_id = {_plain(model.id): model.id for model in models}

    def find(self, model: str) -> Model | None:
        """Return the model of exactly this id, or None. Spelling counts, as it does at MiniMax."""
        return self._by_id.get(model)

    def spelling(self, model: str) -> str | None:
        """Return the id that was meant if only case, spaces or a router's prefix are off, else None.

        `minimax-m2.5`, `MiniMax-M2.5 ` and `minimax/minimax-m2.5:free` all mean `MiniMax-M2.5`.
        """
        return self._by_plain_id.get(_plain(model))

    def nearest(self, model: str, n: int = 3, *, api: Api | None = None) -> list[str]:
        """Return up to `n` ids to suggest in place of `model`, the likeliest first.

        Close spellings come first; an id of another provider gets the current MiniMax models.
        With `api`, only models that this API serves.
        """
        served = {_plain(m.id): m for m in self.models if api is None or api in m.apis}
        close = get_close_matches(_plain(model), served, n=n, cutoff=0.75)
        ids = [served[plain].id for plain in close]
        ids += [m.id for m in served.values() if m.current and m.id not in ids]
        return ids[:n]

    @staticmethod
    def is_minimax(model: str) -> bool:
        """Whether the id looks like one of MiniMax's text models, known here or not."""
        return _FAMILY.match(model) is not None


def _plain(model: str) -> str:
    """Reduce an id to what survives careless copying: no case, no spaces, no router's prefix or suffix."""
    name = model.strip().casefold().rpartition("/")[2].partition(":")[0]
    return re.sub(r"[\s_]+", "-", name)


@cache
def load() -> Catalogue:
    """Return the catalogue that ships with this package. Read once a process."""
    return parse(tomllib.loads(_FILE.read_text("utf-8")))


def parse(document: Mapping[str, Any]) -> Catalogue:
    """Build a catalogue from the parsed form of `models.toml`. Raises TypeError or KeyError if it is malformed."""
    return Catalogue(tuple(_model(entry) for entry in document["model"]), document["checked"])


def _model(entry: Mapping[str, Any]) -> Model:
    fields = dict(entry)
    limits = fields.pop("limits", None)
    return Model(
        apis=frozenset(Api(api) for api in fields.pop("apis")),
        prices=tuple(Price(**price) for price in fields.pop("price", ())),
        limits=PublishedLimits(**limits) if limits else None,
        extra_roles=frozenset(fields.pop("extra_roles", ())),
        **fields,
    )
