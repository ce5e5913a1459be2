"""Options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from mmq.formats.source import Format
from models.lane import Lane
from worker.provider.account import Api

Source = Annotated[str, typer.Argument(metavar="INPUT", help="A .jsonl, .csv or .txt file; - is standard input.")]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="OUT", help="Where answers go; - is standard output.", show_default=False),
]
Errors = Annotated[str | None, typer.Option(metavar="ERR", help="Where failures go; default: OUT with .errors.jsonl.")]
LaneName = Annotated[Lane, typer.Option(help="How urgent it is.")]
Model = Annotated[str | None, typer.Option(help="For lines that name none; default: MINIMAX_MODEL.")]
WhichApi = Annotated[Api | None, typer.Option(help="Which of MiniMax's APIs to speak; default: MINIMAX_API.")]
InputFormat = Annotated[Format | None, typer.Option(help="Of INPUT, if its suffix does not tell.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON on standard output.")]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id.")]
AnyId = Annotated[str, typer.Argument(metavar="BATCH|JOB", help="The id of a batch or of a job.")]
