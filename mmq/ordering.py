"""The arguments of `submit`, spelled once for all that take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from models.lane import Lane
from tasks.order import Order, chat_request, preflight
from worker.routing.judge import Judge

S = TypeVar("S", bound="Takes")
T = TypeVar("T")
P = ParamSpec("P")


class Ordering:
    """Makes orders of what callers ask for, and checks them."""

    def __init__(self, judge: Judge, model: str) -> None:
        """`model` is that of requests that name none."""
        self._judge = judge
        self._model = model

    def order(
        self,
        /,
        prompt: str | None = None,
        *,
        messages: Sequence[Mapping[str, Any]] | None = None,
        model: str | None = None,
        lane: str = Lane.DEFAULT,
        custom_id: str | None = None,
        idempotency_key: str | None = None,
        deadline: datetime | None = None,
        **request: Any,
    ) -> Order:
        """Return an order that will not fail for certain.

        Raises:
            InvalidRequest: it would; lists why.
        """
        order = Order(
            request=chat_request(prompt, messages, model or self._model, request),
            lane=lane,
            custom_id=custom_id,
            idempotency_key=idempotency_key,
            deadline=deadline,
        )
        preflight(order, self._judge)
        return order


class Takes(Protocol):
    """What takes orders."""

    @property
    def ordering(self) -> Ordering:
        """Makes them."""


def _ordered(
    order: Callable[Concatenate[Ordering, P], Order],
) -> Callable[[Callable[[S, Order], T]], Callable[Concatenate[S, P], T]]:
    def decorate(act: Callable[[S, Order], T]) -> Callable[Concatenate[S, P], T]:
        @wraps(act)
        def method(self: S, /, *positional: P.args, **named: P.kwargs) -> T:
            return act(self, order(self.ordering, *positional, **named))

        own = signature(act).return_annotation
        method.__signature__ = signature(order).replace(return_annotation=own)  # type: ignore[attr-defined]
        return method

    return decorate


#: Decorates a method that takes an order: it then takes the arguments of `Ordering.order` instead.
ordered = _ordered(Ordering.order)
