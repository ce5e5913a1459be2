"""A Celery application for sending only: it knows the queues and the broker, and loads nothing of the worker."""

from __future__ import annotations

from celery import Celery


def producer(broker_url: str) -> Celery:
    """Return an application that sends to this broker. Connects when it first sends."""
    app = Celery("mmq-producer", set_as_current=False)
    app.config_from_object("celeryconfig")
    app.conf.update(broker_url=broker_url)
    return app
