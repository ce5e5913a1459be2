"""A run in a folder whose files have the names of ours, as a product with Celery has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("name", ["tasks.py", "worker.py", "models/__init__.py", "celeryconfig.py"])
def test_files_of_our_names_in_the_working_folder_are_left_alone(place: Callable[..., tuple], name: str) -> None:
    """They belong to somebody else: neither the run nor its worker loads them."""
    mmq, _ = place(latency_ms=5)
    file = mmq.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("raise SystemExit('loaded')\n", encoding="utf-8")
    done = mmq.run("run", mmq.write("in.txt", "one", "two"), "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert len(mmq.read("out.jsonl")) == 2
