"""What `grace index`, `search`, `recall`, `refs`, `impact` and `map` do and show."""

import json
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grace.errors import GraceError, InputError
from grace.memory.database import Database, open_memory
from grace.memory.payload import SymbolKind
from grace.memory.repositories import Indexed, find_indexed

if TYPE_CHECKING:
    from grace.causal.seed import Seed

_Answer = dict[str, Any]
_SHOWN = 20
"""Lines of each part that people are shown."""


def index(repository: Path, changed: Sequence[Path] | None, *, as_json: bool) -> int:
    """Bring the index up to date; shows how it goes on a terminal."""
    from dataclasses import asdict

    database = _memory()
    report = _index(database, repository, changed)
    if as_json:
        _write({"status": "indexed", **asdict(report)})
        return 0
    sys.stdout.write(
        f"{report.repository}: {report.files:,} files, {report.lines:,} lines, {report.symbols:,} symbols, "
        f"{report.edges:,} edges ({report.unresolved:,} uses unresolved)\n"
        f"{report.changed:,} files read, {report.removed:,} removed, in {report.seconds:.1f} s\n"
    )
    if report.left_out:
        listed = ", ".join(f"{count:,} {reason}" for reason, count in sorted(report.left_out.items()))
        sys.stdout.write(f"Known by name only: {listed}\n")
    return 0


def forget(repository: Path, *, as_json: bool) -> int:
    """Drop an index."""
    from grace.memory.indexer import forget_repository
    from grace.memory.source_tree import find_root

    root, _ = find_root(repository)
    dropped = forget_repository(_memory(), root)
    if as_json:
        _write({"status": "forgotten" if dropped else "not indexed", "repository": str(root)})
    else:
        sys.stdout.write(f"{root} is {'forgotten' if dropped else 'not indexed: nothing to forget'}.\n")
    return 0


def search(words: str, repo: Path, k: int, kinds: Collection[str], *, as_json: bool) -> int:
    """Show what fits the words best."""
    answer = search_answer({"query": words, "repo": str(repo), "k": k, "kinds": list(kinds)})
    if as_json:
        _write(answer)
    else:
        for hit in answer["results"]:
            sys.stdout.write(f"{hit['path']}:{hit['line']}  {hit['kind']} {hit['qualified_name']}{hit['signature']}\n")
            if hit["doc"]:
                sys.stdout.write(f"    {hit['doc']}\n")
        _say_age(answer["index"])
    return 0 if answer["results"] else 1


def search_answer(question: _Answer) -> _Answer:
    """{"query", "repo", "k", "kinds"} -> {"results", "index"}."""
    from grace.memory.search import deep_search

    database, indexed = _indexed(Path(question.get("repo") or "."))
    with database.reading() as connection:
        hits = deep_search(
            connection,
            _text(question, "query"),
            repo_id=indexed.repo_id,
            k=int(question.get("k") or 10),
            kinds=[_kind(kind) for kind in question.get("kinds") or ()] or None,
        )
    results = [
        {
            "path": hit.path,
            "line": hit.line,
            "end_line": hit.end_line,
            "name": hit.name,
            "qualified_name": hit.qualname,
            "kind": SymbolKind(hit.kind).name.lower(),
            "score": round(hit.score, 4),
            "signature": hit.signature,
            "doc": hit.doc,
        }
        for hit in hits
    ]
    return {"results": results, "index": indexed.age([hit.path for hit in hits])}


def recall(words: str, repo: Path | None, k: int, *, as_json: bool) -> int:
    """Show the patterns that fit best."""
    answer = recall_answer({"query": words, "repo": str(repo) if repo else "", "k": k})
    if as_json:
        _write(answer)
    else:
        for found in answer["results"]:
            head = f"{found['project']}/{found['file_path']}  {found['name']}{found['signature']}"
            sys.stdout.write(f"{head}  score {found['score']:.2f}\n{found['code_snippet']}\n\n")
    return 0 if answer["results"] else 1


def recall_answer(question: _Answer) -> _Answer:
    """{"query", "repo" or all, "k"} -> {"results"}; the recall is remembered."""
    from grace.memory.patterns import recall_patterns, record_recall

    if question.get("repo"):
        database, indexed = _indexed(Path(question["repo"]))
        repo_id: int | None = indexed.repo_id
    else:
        database, repo_id = _memory(), None
    with database.reading() as connection:
        found = recall_patterns(connection, _text(question, "query"), repo_id=repo_id, k=int(question.get("k") or 5))
    if found:
        with database.writing() as connection:
            record_recall(connection, found)
    return {"results": [{**pattern._asdict(), "score": round(pattern.score, 4)} for pattern in found]}


def answer_lines(answer: Callable[[_Answer], _Answer]) -> int:
    """One JSON object per line of standard input, one answer per line; a question that is wrong stops nothing."""
    failed = 0
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            question = json.loads(line)
            if not isinstance(question, dict):
                raise InputError("Each line is one JSON object: give query, repo and k.")
            said = answer(question)
        except (GraceError, ValueError, TypeError) as error:
            said, failed = {"error": type(error).__name__, "message": str(error)}, 1
        _write(said)
        sys.stdout.flush()
    return 2 if failed else 0


def refs(name: str, repo: Path, *, as_json: bool) -> int:
    """Show the place of a symbol in the graph."""
    from grace.memory.references import Symbol, Use, references, the_symbol

    database, indexed = _indexed(repo)
    with database.reading() as connection:
        found = references(connection, the_symbol(connection, indexed.repo_id, name))

    def symbol(one: Symbol) -> _Answer:
        kind = SymbolKind(one.kind).name.lower()
        return {"path": one.path, "line": one.line, "name": one.qualname or one.name, "kind": kind}

    def use(one: Use) -> _Answer:
        how = one.how.name.lower()
        return {**symbol(one.symbol), "how": how, "confidence": one.confidence / 100, "guess": one.is_guess}

    answer: _Answer = {
        "symbol": {**symbol(found.symbol), "signature": found.symbol.signature},
        "used_by": [use(one) for one in found.used_by],
        "uses": [use(one) for one in found.uses],
        "implementations": [symbol(one) for one in found.implementations],
        "index": indexed.age([found.symbol.path]),
    }
    if as_json:
        _write(answer)
        return 0
    place = answer["symbol"]
    sys.stdout.write(f"{place['path']}:{place['line']}  {place['kind']} {place['name']}{place['signature']}\n")
    for heading, key in (("Used by", "used_by"), ("Uses", "uses"), ("Implemented by", "implementations")):
        if answer[key]:
            sys.stdout.write(f"{heading}:\n")
        for one in answer[key]:
            how = f"  {one['how']}" if "how" in one else ""
            sure = "  a guess by name" if one.get("guess") else ""
            sys.stdout.write(f"    {one['path']}:{one['line']}  {one['name']}{how}{sure}\n")
    _say_age(answer["index"])
    return 0


def impact(repository: Path, diff: str, symbol: str, base: str, *, as_json: bool) -> int:
    """Predict what a change touches, told from an index of the checkout as it is."""
    from grace.causal.impact import predict_impact
    from grace.memory.source_tree import find_root

    if sum(map(bool, (diff, symbol, base))) != 1:
        raise InputError("Say which change: one of --diff FILE, --symbol NAME and --base REV.")
    database = _memory()
    root, _ = find_root(repository)
    _index(database, root, None)
    seed = _seed(root, diff, symbol, base)
    indexed = find_indexed(database, root)
    assert indexed is not None  # noqa: S101 - it was just indexed
    with database.reading() as connection:
        found = predict_impact(connection, indexed.repo_id, seed)
    answer = found.model_dump(mode="json", exclude={"change_digest"})
    if as_json:
        _write({**answer, "index": indexed.age([])})
        return 0
    sys.stdout.write(f"Risk: {found.risk.value}. {'; '.join(found.reasons)}\n")
    for heading, lines in (
        ("Symbols", [f"{one.path}:{one.line}  {one.name}  {one.probability:.2f}  {one.why}" for one in found.symbols]),
        ("Files", [f"{one.path}  {one.probability:.2f}  {one.why}" for one in found.files]),
        ("Tests", [f"{one.id or one.path}  {one.probability:.2f}  {one.why}" for one in found.tests]),
        ("Not seen", list(found.blind_spots)),
    ):
        if lines:
            sys.stdout.write(f"{heading}:\n")
        for line in lines[:_SHOWN]:
            sys.stdout.write(f"    {line}\n")
        if len(lines) > _SHOWN:
            sys.stdout.write(f"    and {len(lines) - _SHOWN} more: --json shows all\n")
    return 0


def _seed(root: Path, diff: str, symbol: str, base: str) -> "Seed":
    from grace.causal.seed import Seed, seed_of_diff, seed_of_work
    from grace.git.command import run_git

    if symbol:
        return Seed(symbols=(symbol,))
    if base:
        return seed_of_work(root, base)
    try:
        text = sys.stdin.read() if diff == "-" else Path(diff).read_text("utf-8", "replace")
    except OSError as error:
        raise InputError(f"The diff {diff} cannot be read: {error.strerror}.") from error
    undo = ("apply", "--reverse", "--check", "-")
    applied = run_git(undo, cwd=root, stdin=text.encode(), accept=range(256)).returncode == 0
    return seed_of_diff(text, applied=applied)


def map_(repository: Path, tokens: int, about: str, *, as_json: bool) -> int:
    """Show the outline of a code base."""
    from grace.memory.repo_map import draw_map, outline
    from grace.memory.search import deep_search

    database, indexed = _indexed(repository)
    with database.reading() as connection:
        hits = deep_search(connection, about, repo_id=indexed.repo_id, k=20) if about else ()
        wanted = {hit.symbol_id for hit in hits}
        entries = draw_map(connection, indexed.repo_id, tokens=tokens, wanted=wanted)
    if as_json:
        shown = [{**entry._asdict(), "kind": SymbolKind(entry.kind).name.lower()} for entry in entries]
        _write({"entries": shown, "outline": outline(entries), "index": indexed.age([])})
    else:
        sys.stdout.write(outline(entries) + "\n")
    return 0


# ── inside ──────────────────────────────────────────────────────────────────────────────────────


_opened: dict[str, Database] = {}


def _memory() -> Database:
    from grace.places import compute_alone, memory_url

    compute_alone()
    url = memory_url()
    if url not in _opened:
        _opened[url] = open_memory(url)
    return _opened[url]


def _indexed(repository: Path) -> tuple[Database, Indexed]:
    """The index a path belongs to; a repository that nobody indexed yet is indexed now."""
    database = _memory()
    if (found := find_indexed(database, repository)) is None:
        _index(database, repository, None)
        found = find_indexed(database, repository)
        if found is None:
            raise InputError(f"{repository} cannot be indexed.")
    return database, found


def _index(database: Database, repository: Path, changed: Sequence[Path] | None) -> Any:
    from grace.memory.indexer import index_repository
    from grace.memory.source_tree import find_root
    from grace.progress import listening

    hint = None
    if changed is not None:
        root, _ = find_root(repository)
        hint = [_inside(path, root) for path in changed]
    with listening(_show_progress()):
        return index_repository(database, repository, hint=hint)


def _inside(path: Path, root: Path) -> str:
    full = path.resolve() if path.exists() else (root / path)
    try:
        return full.relative_to(root).as_posix()
    except ValueError as error:
        raise InputError(f"{path} is not in {root}.") from error


def _show_progress() -> Callable[[Any], None]:
    """On a terminal, one line that is written over."""
    last = 0.0

    def show(progress: Any) -> None:
        nonlocal last
        if sys.stderr.isatty() and time.monotonic() - last > 0.1:
            last = time.monotonic()
            sys.stderr.write(f"\r\x1b[K{progress.stage}: {progress.detail}\r")

    return show


def _text(question: _Answer, key: str) -> str:
    text = question.get(key)
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"Say what to look for: {key} is empty.")
    return text


def _kind(name: str) -> SymbolKind:
    try:
        return SymbolKind[name.upper()]
    except KeyError:
        raise InputError(f"There is no kind {name!r}: module, class, function, method or variable.") from None


def _say_age(age: _Answer) -> None:
    if age["stale"]:
        sys.stderr.write(f"The index is from {age['indexed_at']}, and files changed since: `grace index` reads them.\n")


def _write(answer: _Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
