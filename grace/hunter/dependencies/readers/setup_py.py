"""`setup.py`: what can be read without running it."""

import ast
from collections.abc import Iterator

from grace.hunter.dependencies.declarations import Declarations, Entry, Problem, declared, gathered
from grace.hunter.dependencies.source_text import Unreadable, decode

_LARGEST = 2**20
_KEYWORDS = ("install_requires", "extras_require", "tests_require", "setup_requires")


def read(content: bytes) -> Declarations:
    """The dependencies that a call of `setup` names literally; computed ones are problems. Raises Unreadable."""
    try:
        module = ast.parse(decode(content, largest=_LARGEST))
    except (RecursionError, MemoryError) as error:
        raise Unreadable("it is nested too deeply") from error
    except Unreadable:
        raise
    except (SyntaxError, ValueError) as error:
        raise Unreadable(f"it is not Python that this interpreter reads: {error}") from error
    names = {
        target.id: statement.value
        for statement in module.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    return gathered(entry for call in _setup_calls(module) for entry in _of_call(call, names))


def _setup_calls(module: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name == "setup":
                yield node


def _of_call(call: ast.Call, names: dict[str, ast.expr]) -> Iterator[Entry]:
    followed: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg in _KEYWORDS:
            yield from _requirements(keyword.value, names, followed, build=keyword.arg == "setup_requires")


def _requirements(value: ast.expr, names: dict[str, ast.expr], followed: set[str], *, build: bool) -> Iterator[Entry]:
    """The requirements in an expression; each name of the module is followed once."""
    match value:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.Dict(values=parts):
            for part in parts:
                yield from _requirements(part, names, followed, build=build)
        case ast.Starred(value=inner):
            yield from _requirements(inner, names, followed, build=build)
        case ast.Constant(value=str() as text):
            for offset, requirement in enumerate(text.splitlines()):
                if requirement.strip():
                    yield declared(requirement.strip(), value.lineno + offset, build=build)
        case ast.Name(id=name) if name in names:
            if name not in followed:
                followed.add(name)
                yield from _requirements(names[name], names, followed, build=build)
        case _:
            yield Problem(value.lineno, "these dependencies are computed: only running the file tells them")
