"""MiniMax Queue: a self-hosted asynchronous job queue for MiniMax text generation."""

from mmq.handles import Batch, Job
from mmq.queue import Queue
from mmq.result import JobFailed, Result
from worker.errors import ConfigurationError, InvalidRequest, MmqError, NotFound, Unavailable

__all__ = [
    "Batch",
    "ConfigurationError",
    "InvalidRequest",
    "Job",
    "JobFailed",
    "MmqError",
    "NotFound",
    "Queue",
    "Result",
    "Unavailable",
]
