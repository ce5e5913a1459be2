"""The jobs of a chaos run: one in five meets something of the sandbox's table of misbehaviour, each way in its turn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import read_call
from mmq.sandbox.contract.models import MODELS
from mmq.sandbox.faults.registry import listing
from mmq.sandbox.reply.answer import Length, compose

MODEL = "MiniMax-M2.7"
WAYS = tuple(name for _kind, name, _description in listing())
ONE_IN = 5


@dataclass(frozen=True, slots=True)
class Prompt:
    """The job `number`, from 0. `way` names how its first answer is spoilt; None is not at all."""

    number: int
    way: str | None
    stream: bool

    @property
    def name(self) -> str:
        """Its custom_id and idempotency key."""
        return f"chaos-{self.number}"

    @property
    def text(self) -> str:
        """What is asked."""
        marker = f" [[mmq:{self.way}x1]]" if self.way else ""
        return f"What is the {self.number}th thing to be said about fire?{marker}"

    @property
    def request(self) -> dict[str, Any]:
        """The chat request."""
        messages = [{"role": "user", "content": self.text}]
        return {"model": MODEL, "messages": messages, **({"stream": True} if self.stream else {})}

    def reckon(self) -> tuple[str, str]:
        """Return the prompt's digest and the answer that the sandbox gives to it when nothing goes wrong."""
        call = read_call(Api.V2, json.dumps(self.request).encode(), "", 0)
        return call.digest, compose(call, MODELS[MODEL], Length()).text


def prompts(count: int) -> list[Prompt]:
    """Return so many prompts. Each way comes by turns with a stream and without."""
    made = []
    for number in range(count):
        turn, other = divmod(number, ONE_IN)
        way = None if other else WAYS[turn % len(WAYS)]
        stream = (turn + turn // len(WAYS)) % 2 == 1 if way else number % 2 == 1
        made.append(Prompt(number, way, stream))
    return made
