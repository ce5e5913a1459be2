"""What `[lanes]` says of how much may wait."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from worker.errors import ConfigurationError
from worker.settings import load


def written(folder: Path, text: str, **environ: str) -> Mapping[str, int]:
    """The bounds of a file and an environment."""
    file = folder / "mmq.toml"
    file.write_text(text, encoding="utf-8")
    return load({"MMQ_CONFIG": str(file), **environ}).max_queued


def test_no_lane_has_a_bound_unless_one_is_set() -> None:
    """A long backlog is what the queue is for."""
    assert load({"MMQ_CONFIG": "/dev/null"}).max_queued == {}


def test_the_file_goes_before_the_environment(tmp_path: Path) -> None:
    """A lane's own bound, else that of all lanes."""
    assert written(tmp_path, "[lanes]\nbulk_max_queued = 500") == {"bulk": 500}
    bounds = written(tmp_path, "[lanes]\nbulk_max_queued = 500", MMQ_MAX_QUEUED="20")
    assert bounds == {"interactive": 20, "default": 20, "bulk": 500}


@pytest.mark.parametrize(("name", "value"), [("bulk_max_queued", "0"), ("bulk_max_queued", "'5'"), ("express", "5")])
def test_a_wrong_bound_is_told_by_its_place(tmp_path: Path, name: str, value: str) -> None:
    """Nothing that is written is silently without effect."""
    with pytest.raises(ConfigurationError, match=f"lanes.{name}"):
        written(tmp_path, f"[lanes]\n{name} = {value}")


def test_lanes_that_are_no_table_are_told_once(tmp_path: Path) -> None:
    """Although two readers look into it."""
    with pytest.raises(ConfigurationError) as raised:
        written(tmp_path, "lanes = 5")
    assert len(raised.value.problems) == 1
