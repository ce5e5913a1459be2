"""A Celery application for sending only: it knows the queues and the broker, and loads nothing of the worker."""

from __future__ import annotations

from celery import Celery

REPLY_LIMIT_S = 2.0


def producer(broker_url: str) -> Celery:
    """Return an application that sends to this broker. Connects when it first sends."""
    app = Celery("mmq-producer", set_as_current=False)
    app.config_from_object("celeryconfig")
    # A producer answers somebody: with Redis out of reach it does not wait as long as a worker may.
    options = {**app.conf.broker_transport_options, "socket_timeout": REPLY_LIMIT_S}
    app.conf.update(
        broker_url=broker_url, broker_transport_options={**options, "socket_connect_timeout": REPLY_LIMIT_S}
    )
    return app
