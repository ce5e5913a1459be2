"""`mmq sandbox`: a MiniMax on loopback, to try things against."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mmq.sandbox.config import SandboxConfig
    from mmq.sandbox.server import Sandbox


def command(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8765,
    rpm: Annotated[int | None, typer.Option(min=1, help="Requests a minute, for each model.")] = None,
    rps: Annotated[int | None, typer.Option(min=1, help="Requests a second.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Tokens a minute.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at a time.")] = None,
    latency_ms: Annotated[float, typer.Option(min=0, help="Milliseconds to the first byte.")] = 300.0,
    jitter: Annotated[float, typer.Option(min=0, max=1, help="How far the latency spreads, as 0.2.")] = 0.2,
    tokens_per_second: Annotated[float | None, typer.Option(help="Pace of streams; default at once.")] = None,
    fault: Annotated[list[str] | None, typer.Option(metavar="CODE=RATE", help="As 1027=0.05; repeatable.")] = None,
    quirk: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Always on; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed deals out the same faults.")] = 0,
    listing: Annotated[bool, typer.Option("--list", help="List all codes, faults and quirks, and exit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Serve a faithful fake MiniMax: all three APIs, its limits, its errors, its odd habits."""
    if listing:
        _list(as_json)
        return
    from mmq.sandbox.config import SandboxConfig  # noqa: PLC0415
    from mmq.sandbox.server import run  # noqa: PLC0415

    try:
        config = SandboxConfig.of(
            port=port,
            rpm=rpm,
            rps=rps,
            tpm=tpm,
            concurrency=concurrency,
            latency_ms=latency_ms,
            latency_jitter=jitter,
            tokens_per_second=tokens_per_second,
            faults=_rates(fault or ()),
            quirks=quirk or (),
            seed=seed,
        )
    except ValueError as error:
        raise typer.BadParameter(f"{error}; `mmq sandbox --list` names all behaviours") from error
    try:
        run(config, lambda ready: _announce(ready, config, as_json=as_json))
    except OSError as error:
        raise typer.BadParameter(f"port {port} cannot be used: {error.strerror}", param_hint="--port") from error


def _rates(given: Sequence[str]) -> dict[str, float]:
    rates = {}
    for text in given:
        name, equals, rate = text.partition("=")
        try:
            rates[name] = float(rate) if equals else 1.0
        except ValueError:
            raise ValueError(f"--fault {text}: {rate!r} is no rate, give one from 0 to 1") from None
    return rates


def _announce(ready: Sandbox, config: SandboxConfig, *, as_json: bool) -> None:
    key, group = config.keys[0]
    if as_json:
        import json  # noqa: PLC0415

        print(json.dumps({"base_url": ready.base_url, "key": key, "group_id": group}), flush=True)
        return
    print(f"The sandbox answers at {ready.base_url} (key {key}, GroupId {group}); Ctrl-C ends it.", file=sys.stderr)
    print("To use it, paste into another shell:\n", file=sys.stderr, flush=True)
    print(f"export MINIMAX_BASE_URL={ready.base_url}")
    print(f"export MINIMAX_API_KEY={key} MINIMAX_GROUP_ID={group}", flush=True)


def _list(as_json: bool) -> None:
    import json  # noqa: PLC0415

    from mmq.sandbox.faults.registry import listing  # noqa: PLC0415

    rows = list(listing())
    if as_json:
        print(json.dumps([{"kind": kind, "name": name, "description": text} for kind, name, text in rows]))
        return
    for kind, name, text in rows:
        print(f"{kind:<6} {name:<22} {text}")
