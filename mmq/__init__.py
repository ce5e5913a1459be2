"""MiniMax Queue: a self-hosted asynchronous job queue for MiniMax text generation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmq.async_handles import AsyncBatch, AsyncJob
    from mmq.async_queue import AsyncQueue
    from mmq.handles import Batch, Job
    from mmq.queue import Queue
    from mmq.result import JobFailed, Result
    from worker.errors import (
        ConfigurationError,
        InvalidRequest,
        MmqError,
        NotFound,
        QueueFull,
        StreamBroken,
        Unavailable,
    )

__all__ = [
    "AsyncBatch",
    "AsyncJob",
    "AsyncQueue",
    "Batch",
    "ConfigurationError",
    "InvalidRequest",
    "Job",
    "JobFailed",
    "MmqError",
    "NotFound",
    "Queue",
    "QueueFull",
    "Result",
    "StreamBroken",
    "Unavailable",
]

_HOMES = {
    "AsyncBatch": "mmq.async_handles",
    "AsyncJob": "mmq.async_handles",
    "AsyncQueue": "mmq.async_queue",
    "Batch": "mmq.handles",
    "Job": "mmq.handles",
    "Queue": "mmq.queue",
    "JobFailed": "mmq.result",
    "Result": "mmq.result",
}


def __getattr__(name: str) -> Any:
    # Loaded when first used: `mmq --help`, the sandbox and the CLI's lighter commands need none of SQL and Celery.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "worker.errors")), name)
