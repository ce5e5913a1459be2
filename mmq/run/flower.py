"""Being Flower, in this process."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from mmq.local.redis import EmbeddedRedis
from mmq.schema import ROOT
from tasks.producer import producer
from worker.settings import Settings


def serve(settings: Settings, address: str, port: int) -> NoReturn:
    """Run Flower for the broker of these settings until a signal, and end the process.

    The embedded Redis is started if none runs.
    """
    # It would open the whole API, revoking and shutting down included, to everybody.
    os.environ.pop("FLOWER_UNAUTHENTICATED_API", None)
    redis = EmbeddedRedis(settings.home)
    if settings.embedded_redis:
        redis.ensure()
    code = 0
    try:
        arguments = [f"--address={address}", f"--port={port}", f"--conf={ROOT / 'flowerconfig.py'}"]
        # The database is not opened, and no key is needed: Flower hears of jobs by their events.
        producer(settings.broker_url).start(["flower", *arguments])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        redis.stop()
    # Python would wait for threads in which Flower still asks workers by a broker that has just gone: for minutes.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
