"""Who competes in what."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.contest.environments import PROJECT


@dataclass(frozen=True, slots=True)
class Contender:
    """A file of `contenders/` with one of its variants. `keeps` says what a job leaves behind, for the tables."""

    name: str
    file: str
    variant: str = ""
    environment: str = PROJECT
    keeps: str = ""
    environ: tuple[tuple[str, str], ...] = ()

    @property
    def ours(self) -> bool:
        return self.file == "ours.py"


OURS_SQLITE = Contender("MiniMax Queue, SQLite", "ours.py", "sqlite", keeps="job, attempt, answer on disk")
OURS_POSTGRESQL = Contender("MiniMax Queue, PostgreSQL", "ours.py", "postgresql", keeps="job, attempt, answer on disk")
SAQ = Contender("SAQ", "with_saq.py", "redis", "saq", keeps="answer in Redis for 10 min")
DRAMATIQ = Contender("dramatiq", "with_dramatiq.py", "", "dramatiq", keeps="nothing")
TASKIQ = Contender("taskiq", "with_taskiq.py", "", "taskiq", keeps="nothing")
ARQ = Contender("arq", "with_arq.py", "", "arq", keeps="answer in Redis for 1 h")
PROCRASTINATE = Contender("procrastinate", "with_procrastinate.py", "", "procrastinate", keeps="job on disk")
PGQUEUER = Contender("pgqueuer", "with_pgqueuer.py", "", "pgqueuer", keeps="job log on disk")
CELERY_THREADS = Contender("Celery, threads", "with_celery.py", "threads", keeps="nothing")
CELERY_PREFORK = Contender("Celery, prefork, a transaction a job", "with_celery.py", "prefork", keeps="answer on disk")
AIOHTTP = Contender("bare aiohttp (the limit)", "bare.py", "aiohttp", keeps="nothing")
HTTPX = Contender("bare httpx", "bare.py", "httpx", keeps="nothing")

QUEUES = (
    OURS_SQLITE,
    OURS_POSTGRESQL,
    SAQ,
    DRAMATIQ,
    TASKIQ,
    ARQ,
    PROCRASTINATE,
    PGQUEUER,
    CELERY_THREADS,
    CELERY_PREFORK,
    AIOHTTP,
    HTTPX,
)

_QUIET = (
    ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
    ("TELEMETRY_ENABLED", "False"),
    ("HF_HUB_OFFLINE", "1"),
    ("CURATOR_DISABLE_CACHE", "true"),
)
LIMITED = (
    OURS_SQLITE,
    OURS_POSTGRESQL,
    Contender("curator", "with_curator.py", "", "curator", environ=_QUIET),
    Contender("flexllm", "with_flexllm.py", "", "flexllm"),
    Contender("LiteLLM Router", "with_litellm.py", "router", "litellm", environ=_QUIET),
    Contender("LiteLLM Router, priority queue", "with_litellm.py", "queue", "litellm", environ=_QUIET),
    Contender("async-batch-llm, cooldown 2 s", "with_async_batch_llm.py", "2", "async-batch-llm"),
    Contender("script: semaphore and backoff", "script_backoff.py"),
    Contender("script: OpenAI cookbook's", "script_cookbook.py"),
)

PRIORITIES = (
    OURS_SQLITE,
    OURS_POSTGRESQL,
    Contender("Celery, Redis priorities as they come", "with_celery.py", "priority"),
    Contender("Celery, best settings", "with_celery.py", "priority, best"),
    Contender("SAQ, PostgreSQL priorities", "with_saq.py", "postgresql", "saq"),
    Contender("dramatiq, actor priorities", "with_dramatiq.py", "", "dramatiq"),
    Contender("procrastinate, priorities", "with_procrastinate.py", "", "procrastinate"),
    Contender("pgqueuer, priorities", "with_pgqueuer.py", "", "pgqueuer"),
    Contender("LiteLLM Router, priority queue", "with_litellm.py", "queue", "litellm", environ=_QUIET),
)
