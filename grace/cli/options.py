"""Options and arguments that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run id, or the start of one.")]
