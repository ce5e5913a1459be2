"""`mmq demo`: the main job against a MiniMax of our own, for whoever has no key yet."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from mmq.cli.options import Quiet

MOST_PROMPTS = 200


def command(
    *,
    prompts: Annotated[int, typer.Option(min=1, max=MOST_PROMPTS, help="How many prompts to answer.")] = MOST_PROMPTS,
    quiet: Quiet = False,
) -> None:
    """Answer 200 prompts without a key: a fake MiniMax on loopback, slow, strict and sometimes out of order."""
    import tempfile  # noqa: PLC0415

    from mmq.cli.ending import finish  # noqa: PLC0415
    from mmq.cli.environment import calling_settings  # noqa: PLC0415
    from mmq.cli.failure import SOME_FAILED  # noqa: PLC0415
    from mmq.demo.prompts import write_prompts  # noqa: PLC0415
    from mmq.demo.setting import environment, minimax  # noqa: PLC0415
    from mmq.report.screen import screen  # noqa: PLC0415
    from mmq.run.ask import asked  # noqa: PLC0415
    from mmq.run.story import Run  # noqa: PLC0415
    from mmq.sandbox.thread import SandboxThread  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="mmq-demo-"))
    source = folder / "prompts.jsonl"
    write_prompts(source, prompts)
    with SandboxThread(minimax()) as sandbox:
        environ = environment(os.environ, sandbox.base_url, folder / "home")
        settings = calling_settings(environ)
        ask = asked(str(source), None, None, lane="default")
        title = f"{prompts} prompts → a MiniMax of our own, at {sandbox.base_url}"
        ending = Run(ask, settings, environ, screen(title, quiet=quiet)).go()
    code = finish(ending, quiet=quiet, as_json=False, again=False)  # its MiniMax is gone
    if not quiet:
        print(_FAREWELL.format(prepare=_prepare(environ["MMQ_HOME"]), folder=folder), file=sys.stderr)
    # That some fail is what it is meant to show.
    raise typer.Exit(0 if code == SOME_FAILED else code)


def _prepare(home: str) -> str:
    """Return what to type so that the commands named here find the demonstration, and the shell finds `mmq`."""
    lines = [f"export MMQ_HOME={shlex.quote(home)}"]
    if shutil.which("mmq") is None:
        lines.append(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
    return "\n      ".join(lines)


_FAREWELL = """\
  Nothing is left running. To look around in what is left,

      {prepare}

  and, when you have had enough, remove {folder}.
  With a key of your own:

      export MINIMAX_API_KEY=...
      mmq run examples/prompts.jsonl -o answers.jsonl
"""
