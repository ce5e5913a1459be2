"""A Celery application for sending only: it knows the queues and the broker, and loads nothing of the worker."""

from __future__ import annotations

from typing import Any

from celery import Celery

from models.identity import new_id

REPLY_LIMIT_S = 2.0


class Producer(Celery):
    """Closes its pooled connections with itself, which Celery leaves open."""

    def close(self) -> None:
        """Close all connections. It may be used again, and then opens new ones."""
        pool: Any = self.pool
        pool.force_close_all()
        super().close()


def producer(broker_url: str) -> Celery:
    """Return an application that sends to this broker. Connects when it first sends."""
    app = Producer("mmq-producer", set_as_current=False)
    # Loaded here: by its name Celery would take a file of that name in the working directory, as a producer may have.
    import celeryconfig  # noqa: PLC0415  it reads the environment

    app.config_from_object(celeryconfig)
    options = {
        **app.conf.broker_transport_options,
        # A producer answers somebody: with Redis out of reach it does not wait as long as a worker may.
        "socket_timeout": REPLY_LIMIT_S,
        "socket_connect_timeout": REPLY_LIMIT_S,
        # kombu shares its pools among applications with equal options: by this ours are ours to close.
        "pool_of": new_id(),
    }
    app.conf.update(broker_url=broker_url, broker_transport_options=options)
    return app
