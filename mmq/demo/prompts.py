"""The prompts of the demonstration."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from itertools import islice
from pathlib import Path


def prompts(count: int) -> list[str]:
    """Return `count` prompts, all different, always the same ones, at most 200."""
    table = tomllib.loads(files("mmq.demo").joinpath("prompts.toml").read_text(encoding="utf-8"))
    forms, subjects = table["forms"], table["subjects"]
    # Each round pairs every subject with another form, so that the first few are as varied as all of them.
    pairs = (
        forms[(turn + number) % len(forms)].format(subject)
        for turn in range(len(forms))
        for number, subject in enumerate(subjects)
    )
    return list(islice(pairs, count))


def write_prompts(path: Path, count: int) -> None:
    """Write an input file of `count` prompts."""
    lines = [
        json.dumps({"custom_id": f"demo-{number:03}", "prompt": prompt}, ensure_ascii=False)
        for number, prompt in enumerate(prompts(count), 1)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
