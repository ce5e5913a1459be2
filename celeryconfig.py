"""Celery's settings. Celery loads this file by name; every line that is not a default says why it is there."""

import os

from kombu import Exchange, Queue

from worker.configuration.broker import broker_url as _broker_url

# --- broker ---------------------------------------------------------------------------------------------------------

broker_url = _broker_url(os.environ)
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # a worker waits for Redis however long it is away
broker_channel_error_retry = True  # what a demoted Redis answers is an error of the channel; it would end the worker
broker_transport_options = {
    "queue_order_strategy": "worker.running.appetite:Appetite",  # in the order of -Q; less when full
    "polling_interval": 0.25,  # seconds of one read: how soon a worker that was full reads the other lanes again
    # A `minimax.generate` whose worker was killed before its commit is delivered again after so many seconds, and up to
    # 100 that Celery takes to look, not after an hour. Twice is harmless: its task id is its job's id.
    "visibility_timeout": 30,
    "socket_timeout": 30,  # the default is to wait for ever on a half-open connection
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
# Results are rows in SQL. A result backend would keep prompts and answers in Redis as well.
result_backend = None
task_ignore_result = True

# --- delivery -------------------------------------------------------------------------------------------------------

# Messages are hints, and the lease in SQL says who holds a job: acknowledging early loses nothing, while acknowledging
# late would run every job under way a second time after a connection reset.
task_acks_late = False
worker_disable_prefetch = True  # take a message only when a thread is free for it
worker_prefetch_multiplier = 1
worker_pool = "threads"  # tasks only hand over to the engine's asyncio loop
worker_concurrency = 8
worker_enable_remote_control = True  # Flower needs it
worker_hijack_root_logger = False
worker_redirect_stdouts = False
worker_cancel_long_running_tasks_on_connection_loss = False

# --- serialization --------------------------------------------------------------------------------------------------

task_serializer = "json"
accept_content = ["json"]
event_serializer = "json"

# --- routing --------------------------------------------------------------------------------------------------------

# Named as Celery would name them by itself for a foreign producer that only says queue="bulk".
task_queues = [Queue(lane, Exchange(lane), routing_key=lane) for lane in ("interactive", "default", "bulk")]
task_default_queue = "default"
task_create_missing_queues = False
imports = ("tasks.generate",)

# --- monitoring -----------------------------------------------------------------------------------------------------

worker_send_task_events = True  # the engine sends them, one job each; Flower shows them
task_send_sent_event = False  # it would carry the prompts of `minimax.generate` into Flower
