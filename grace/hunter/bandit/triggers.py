"""Which of bandit's rules can fire on a node, so that the others are not asked.

Bandit asks each of its rules about calls at each call, and draws a picture of the call for each. Here a name, a
keyword or the shape of a node says which are worth asking. That was read from the rules of one version, `READ_IN`;
other rules than these bandit drives itself.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

READ_IN = "1.9.4"
Rule = Callable[..., Any]

_VERBS = ("get", "options", "head", "post", "put", "patch", "delete", "request", "stream", "Client", "AsyncClient")
_CALLED: Mapping[str, Sequence[str]] = {
    "B102": ("exec",),
    "B113": _VERBS,
    "B201": ("run",),
    "B324": ("md4", "md5", "sha", "sha1", "new", "crypt", "mksalt"),
    "B501": _VERBS,
    "B502": ("wrap_socket",),
    "B504": ("wrap_socket",),
    "B505": ("generate_private_key",),
    "B506": ("load",),
    "B507": ("set_missing_host_key_policy",),
    "B508": ("CommunityData",),
    "B509": ("UsmUserData",),
    "B601": ("exec_command",),
    "B610": ("extra",),
    "B611": ("RawSQL",),
    "B612": ("listen",),
    "B614": ("load",),
    "B615": ("from_pretrained", "load_dataset", "hf_hub_download", "snapshot_download", "repository_id"),
    "B701": ("Environment",),
    "B702": ("Template",),
    "B703": ("mark_safe", "SafeText", "SafeUnicode", "SafeString", "SafeBytes"),
    "B704": ("Markup",),
    "B001": ("__import__", "import_module"),
}
"""Rule -> the last names of what is called."""
_CONFIGURED = ("B602", "B603", "B605", "B606", "B607", "B609")
"""Rules whose configuration lists what is called."""
_CALLED_LIKE: Mapping[str, str] = {"B103": "chmod", "B202": "extractall"}
"""Rule -> what the last name of what is called has in it."""
_KEYWORDS: Mapping[str, Sequence[str]] = {"B502": ("method", "ssl_version"), "B604": ("shell",)}
_KNOWN = frozenset({*_CALLED, *_CONFIGURED, *_CALLED_LIKE, *_KEYWORDS, "B106"})
_KNOWN_ELSEWHERE: Mapping[str, frozenset[str]] = {
    "Str": frozenset({"B104", "B105", "B108", "B608"}),
    "FunctionDef": frozenset({"B107", "B503"}),
    "ExceptHandler": frozenset({"B110", "B112"}),
    "File": frozenset({"B613"}),
    "Assert": frozenset({"B101"}),
    "Import": frozenset({"B001"}),
    "ImportFrom": frozenset({"B001"}),
}
_PASSWORD = re.compile("pas|pwd|token|secret", re.IGNORECASE)
_SQL = re.compile("select|delete|insert|update", re.IGNORECASE)
_ALL_INTERFACES = "0.0.0.0"  # noqa: S104 - what a rule looks for
_TURNED_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069\u200f]")


def known(tests: Mapping[str, Sequence[Rule]]) -> bool:
    """Whether these are the rules, by kind of node, that this was read from."""
    ids = {kind: {rule_id(rule) for rule in rules} for kind, rules in tests.items()}
    return ids.pop("Call", set()) <= _KNOWN and all(ids[kind] <= _KNOWN_ELSEWHERE.get(kind, set()) for kind in ids)


def rule_id(rule: Rule) -> str:
    """The id that bandit's decorator gave a rule."""
    return str(rule._test_id)  # type: ignore[attr-defined]  # the decorator put it there


class CallTriggers:
    """The rules about calls, by what makes them worth asking."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._by_name: dict[str, set[int]] = {}
        self._by_keyword: dict[str, set[int]] = {}
        self._by_part: list[tuple[str, int]] = []
        for number, rule in enumerate(rules):
            for name in (*_CALLED.get(rule_id(rule), ()), *_configured(rule)):
                self._by_name.setdefault(name, set()).add(number)
            for keyword in _KEYWORDS.get(rule_id(rule), ()):
                self._by_keyword.setdefault(keyword, set()).add(number)
            if part := _CALLED_LIKE.get(rule_id(rule)):
                self._by_part.append((part, number))
        self._passwords = {number for number, rule in enumerate(rules) if rule_id(rule) == "B106"}

    def of(self, node: ast.Call, name: str) -> Sequence[Rule]:
        """The rules to ask about a call, in their order; `name` is the last one of what bandit says is called."""
        found = self._by_name.get(name, set())
        for part, number in self._by_part:
            if part in name:
                found = found | {number}
        for keyword in node.keywords:
            if keyword.arg in self._by_keyword:
                found = found | self._by_keyword[keyword.arg]
            if type(keyword.value) is ast.Constant and (keyword.arg is None or _PASSWORD.search(keyword.arg)):
                found = found | self._passwords
        return [self._rules[number] for number in sorted(found)]


class StringTriggers:
    """The rules about strings; of one file, for what is known of its concatenations is kept."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = {rule_id(rule): rule for rule in rules}
        configured = getattr(self._rules.get("B108"), "_config", {})
        self._temporary = tuple(configured.get("tmp_dirs", ()))
        self._concatenations: dict[int, bool] = {}

    def of(self, text: str, parent: ast.AST) -> Sequence[Rule]:
        """The rules to ask about a string, in their order."""
        worth = {
            "B104": text == _ALL_INTERFACES,
            "B105": self._may_be_password(text, parent),
            "B608": self._may_be_sql(text, parent),
            "B108": text.startswith(self._temporary),
        }
        return [rule for id_, rule in self._rules.items() if worth[id_]]

    def _may_be_password(self, text: str, parent: ast.AST) -> bool:
        if isinstance(parent, ast.Assign):
            return any(_may_name_password(target) for target in parent.targets)
        if isinstance(parent, ast.Compare):
            return _may_name_password(parent.left)
        return isinstance(parent, ast.Dict | ast.Subscript) and _PASSWORD.search(text) is not None

    def _may_be_sql(self, text: str, parent: ast.AST) -> bool:
        if isinstance(parent, ast.BinOp):
            if id(parent) not in self._concatenations:
                self._look_at_concatenation(parent)
            return self._concatenations[id(parent)]
        if isinstance(parent, ast.JoinedStr):
            texts = (str(part.value) for part in parent.values if isinstance(part, ast.Constant))
            return _SQL.search("".join(texts)) is not None
        return isinstance(parent, ast.Attribute) and _SQL.search(text) is not None

    def _look_at_concatenation(self, node: ast.BinOp) -> None:
        """Whether any string of it has a word of SQL, noted for each operator of it."""
        while isinstance(above := node._bandit_parent, ast.BinOp):  # type: ignore[attr-defined]  # the driver put it there
            node = above
        operators, at = [node], 0
        found = False
        while at < len(operators):
            for side in (operators[at].left, operators[at].right):
                if isinstance(side, ast.BinOp):
                    operators.append(side)
                elif isinstance(side, ast.Constant) and isinstance(side.value, str):
                    found = found or _SQL.search(side.value) is not None
            at += 1
        self._concatenations.update((id(operator), found) for operator in operators)


def of_function(node: ast.FunctionDef) -> bool:
    """Whether the rules about functions can fire: they are about defaults."""
    return bool(node.args.defaults)


def of_handler(node: ast.ExceptHandler) -> bool:
    """Whether the rules about handlers can fire: they are about those that do nothing."""
    return len(node.body) == 1 and isinstance(node.body[0], ast.Pass | ast.Continue)


def of_file(content: bytes) -> bool:
    """Whether the rule about whole files can fire: it is about characters that turn the direction of text."""
    head = b"\n".join(content.split(b"\n", 2)[:2])
    if b"coding" in head:  # of some encodings these characters are ASCII
        return True
    return not content.isascii() and _TURNED_AROUND.search(content.decode("utf-8", "replace")) is not None


def _may_name_password(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return _PASSWORD.search(name) is not None


def _configured(rule: Rule) -> Iterable[str]:
    """The last names of what a rule's configuration lists."""
    config: Any = getattr(rule, "_config", {})
    listed: list[str] = []
    if rule_id(rule) in _CONFIGURED:
        listed = [name for names in config.values() for name in names]
    elif rule_id(rule) == "B001":
        listed = [name for entry in config["Call"] for name in entry["qualnames"]]
    elif rule_id(rule) == "B704":
        listed = config["extend_markup_names"]
    return {name.rpartition(".")[2] for name in listed}
