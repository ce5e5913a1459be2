"""Plain Celery on Redis, each thread or process with a connection of its own by httpx.

Variants: `threads` (a thread a call); `prefork` (eight processes, and a transaction a job that stores the answer);
`priority` (Redis priorities as Celery's documentation shows them); `priority, best` (nothing prefetched, ten steps).
"""

from __future__ import annotations

import ssl
import sys
import threading

import httpx
import psycopg
from celery import Celery
from task import Task, body, compete

TASK = Task.read()
PREFORK = 8  # 92 MB each
app = Celery("with_celery", broker=TASK.redis)
app.conf.task_ignore_result = True
app.conf.task_acks_late = True
app.conf.worker_prefetch_multiplier = 4 if TASK.variant == "priority" else 1
if TASK.contest == "priority":
    options: dict[str, object] = {"queue_order_strategy": "priority"}
    if TASK.variant == "priority, best":
        options["priority_steps"] = list(range(10))
        app.conf.worker_disable_prefetch = True
    app.conf.broker_transport_options = options
URGENT, USUAL = 0, 9  # on Redis, the less the sooner
local = threading.local()
TLS = ssl.create_default_context()  # shared: making one takes 20 ms, and each thread would


@app.task(name="call")
def call(prompt: str) -> None:
    if not hasattr(local, "client"):
        local.client = httpx.Client(timeout=60, verify=TLS)
        local.database = psycopg.connect(TASK.postgresql) if TASK.variant == "prefork" else None
    answered = local.client.post(TASK.endpoint, json=body(prompt)).raise_for_status().json()
    if local.database:
        with local.database.transaction():
            text = answered["choices"][0]["message"]["content"]
            local.database.execute("INSERT INTO answers (prompt, answer) VALUES (%s, %s)", (prompt, text))


def enqueue(prompts: list[str]) -> None:
    if TASK.variant == "prefork":
        with psycopg.connect(TASK.postgresql) as connection:
            connection.execute("CREATE TABLE answers (id bigserial PRIMARY KEY, prompt text, answer text)")
    with app.producer_or_acquire() as producer:
        for prompt in prompts:
            call.apply_async((prompt,), priority=USUAL, producer=producer)


def main() -> None:
    if TASK.variant == "prefork":
        pool = ("--pool", "prefork", "-c", str(min(PREFORK, TASK.each)))
    else:
        pool = ("--pool", "threads", "-c", str(TASK.each))
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "error")
    command = (sys.executable, "-m", "celery", "-A", "with_celery", "worker", *pool, *quiet)
    compete(TASK, enqueue, command, ask_urgently)


def ask_urgently(prompt: str) -> None:
    call.apply_async((prompt,), priority=URGENT)


if __name__ == "__main__":
    main()
