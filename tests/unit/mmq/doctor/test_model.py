"""The default model against the catalogue."""

from __future__ import annotations

import pytest

from mmq.doctor import model
from mmq.doctor.check import Level
from worker import settings


@pytest.mark.parametrize(
    ("name", "api", "level", "remedy"),
    [
        ("MiniMax-M2.7", "v2", Level.OK, ""),
        ("minimax-m2.7", "v2", Level.FAIL, "MINIMAX_MODEL=MiniMax-M2.7"),
        ("MiniMax-M99", "v2", Level.WARN, "unknown model"),
        ("gpt-4o", "v2", Level.FAIL, "MiniMax-M"),
        ("M2-her", "openai", Level.FAIL, "MiniMax-M"),
    ],
)
def test_a_model_is_known_misspelt_newer_or_foreign(name, api, level, remedy):
    """Each with what to set instead; one that may be newer than the catalogue is not refused."""
    loaded = settings.load({"MMQ_HOME": "/srv/mmq", "MINIMAX_MODEL": name, "MINIMAX_API": api})
    (check,) = model.look(loaded)
    assert (check.level, remedy in check.remedy) == (level, True)
