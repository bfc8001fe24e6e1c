"""`grace index`, `search`, `recall`, `refs`, `impact` and `map`: asking what a code base is."""

from pathlib import Path
from typing import Annotated

import typer

from grace.cli.options import Json

app = typer.Typer(rich_markup_mode=None)

Repo = Annotated[Path, typer.Option("--repo", metavar="REPO", help="The repository, or a folder in it.")]
Count = Annotated[int, typer.Option("-k", min=1, max=1000, help="How many results.")]


@app.command(
    epilog="Examples:  grace index ~/shop   |   grace index . --changed src/cart.py   |   grace index . --json"
)
def index(
    repository: Annotated[Path, typer.Argument(metavar="REPO", help="A git repository, or a folder of source.")],
    changed: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Only these files may have changed: nothing else is looked at."),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Drop the index instead.")] = False,
    as_json: Json = False,
) -> None:
    """Read a code base into code memory, or bring it up to date."""
    from grace.cli import code_memory

    if forget:
        raise typer.Exit(code_memory.forget(repository, as_json=as_json))
    raise typer.Exit(code_memory.index(repository, changed, as_json=as_json))


@app.command(
    epilog="Examples:  grace search 'parse the configuration'   |   grace search Cart.total --repo ~/shop -k 3   |   "
    'echo \'{"query": "retry", "repo": "."}\' | grace search -'
)
def search(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What to look for; - answers JSON lines from stdin.")],
    repo: Repo = Path(),
    k: Count = 10,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Only class, function, method, variable or module.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find functions and classes by what they do, what they are called, or what a change is about."""
    from grace.cli import code_memory

    if words == "-":
        raise typer.Exit(code_memory.answer_lines(code_memory.search_answer))
    raise typer.Exit(code_memory.search(words, repo, k, kind or (), as_json=as_json))


@app.command(epilog="Examples:  grace recall 'retry with back-off'   |   grace recall - < questions.jsonl")
def recall(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What is needed; - answers JSON lines from stdin.")],
    repo: Annotated[
        Path | None, typer.Option(metavar="REPO", help="Only patterns of this one. [default: all that are indexed]")
    ] = None,
    k: Count = 5,
    as_json: Json = False,
) -> None:
    """Recall pieces of code that are alike and served well before."""
    from grace.cli import code_memory

    if words == "-":
        raise typer.Exit(code_memory.answer_lines(code_memory.recall_answer))
    raise typer.Exit(code_memory.recall(words, repo, k, as_json=as_json))


@app.command(epilog="Examples:  grace refs Cart.total --repo ~/shop   |   grace refs shop/cart.py::Cart.total --json")
def refs(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="A name, `Class.method`, or PATH::name.")],
    repo: Repo = Path(),
    as_json: Json = False,
) -> None:
    """Show what a symbol is: who uses it, what it uses, what takes its place; guesses apart from facts."""
    from grace.cli import code_memory

    raise typer.Exit(code_memory.refs(symbol, repo, as_json=as_json))


@app.command(
    epilog="Examples:  grace impact . --base main   |   git diff | grace impact . --diff -   |   "
    "grace impact . --symbol Cart.total --json"
)
def impact(
    repository: Annotated[Path, typer.Argument(metavar="REPO")],
    diff: Annotated[str, typer.Option(metavar="FILE", help="A change as a unified diff; - reads stdin.")] = "",
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="A change of this symbol.")] = "",
    base: Annotated[str, typer.Option(metavar="REV", help="What the checkout changed since this revision.")] = "",
    as_json: Json = False,
) -> None:
    """Predict what a change touches: symbols, files and tests, the risk, and what cannot be seen."""
    from grace.cli import code_memory

    raise typer.Exit(code_memory.impact(repository, diff, symbol, base, as_json=as_json))


@app.command("map", epilog="Examples:  grace map .   |   grace map ~/shop --tokens 2000 --about 'checkout'")
def map_(
    repository: Annotated[Path, typer.Argument(metavar="REPO")],
    tokens: Annotated[int, typer.Option(min=50, help="About how many tokens long.")] = 1024,
    about: Annotated[str, typer.Option(metavar="WORDS", help="What it is wanted for.")] = "",
    as_json: Json = False,
) -> None:
    """Show the symbols that matter most, as an outline of a given length."""
    from grace.cli import code_memory

    raise typer.Exit(code_memory.map_(repository, tokens, about, as_json=as_json))
