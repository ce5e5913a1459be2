"""The Celery application: `celery -A worker.app worker`."""

from __future__ import annotations

from celery import Celery

from worker.bootstep import EngineStep

app = Celery("mmq")
app.config_from_object("celeryconfig")
app.steps["worker"].add(EngineStep)
