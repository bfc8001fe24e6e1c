"""The door for errors that need no test, on real repositories with GRACE's own ruff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grace.contracts import Interpreter, Repair, Reproduction, ReproductionStatus, Request, Verification
from grace.errors import InputError
from grace.generation.repair.errors import find_errors, fix_errors
from grace.git import GitRepository
from grace.ports import CommandRunner
from grace.verification.checks import verify_change

MakeRepository = Callable[..., GitRepository]
RED, GREEN = ReproductionStatus.RED, ReproductionStatus.GREEN


@dataclass(frozen=True)
class Door:
    """The door with its runner, its interpreter and requests for a repository."""

    repository: GitRepository
    request: Request
    ports: Mapping[str, Any]

    def find(self) -> Reproduction:
        return find_errors(self.request, repository=self.repository, **self.ports)

    def fix(self) -> Repair:
        runner = self.ports["runner"]
        return fix_errors(self.request, self.find(), repository=self.repository, runner=runner)

    def verify(self, repair: Repair) -> Verification:
        assert repair.change is not None
        return verify_change(
            repair.change,
            repository=self.repository,
            test_command=(),
            tests=(),
            red=(),
            collected=self.find().collected,
            seconds=30,
            errors=True,
            **self.ports,
        )


@pytest.fixture
def door(
    make_repository: MakeRepository, ask: Callable[..., Request], runner: CommandRunner, interpreter: Interpreter
) -> Callable[[Mapping[str, str | bytes]], Door]:
    """Open the door of a repository made of files."""

    def open_(files: Mapping[str, str | bytes]) -> Door:
        repository = make_repository(files)
        return Door(repository, ask(repository, errors=True), {"runner": runner, "interpreter": interpreter})

    return open_


Open = Callable[[Mapping[str, str | bytes]], Door]


def after(repair: Repair) -> dict[str, str]:
    assert repair.change is not None, repair.reason
    return {edit.path: (edit.after or b"").decode() for edit in repair.change.edits}


ALONE = [
    ("missing colon", "def f(x)\n    return x\n", "def f(x):\n    return x\n"),
    (
        "two missing colons",
        "def f(x)\n    return x\n\n\ndef g(x)\n    return x\n",
        "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n",
    ),
    ("unclosed bracket", "x = max(1, 2\ny = x\n", "x = max(1, 2)\ny = x\n"),
    ("unclosed bracket lines on", "x = max(\n    1,\n    2\n\ny = x\n", "x = max(\n    1,\n    2)\n\ny = x\n"),
    ("bracket within a line", "names = {}\nkey = 1\nnames[key = 2\n", "names = {}\nkey = 1\nnames[key] = 2\n"),
    ("bracket in a row", "x = [\n    (1, 2),\n    (3, 4,\n]\n", "x = [\n    (1, 2),\n    (3, 4),\n]\n"),
    ("unclosed quote", "x = 'one\ny = x\n", "x = 'one'\ny = x\n"),
    ("assignment for comparison", "x = 1\nif x = 1:\n    x = 2\n", "x = 1\nif x == 1:\n    x = 2\n"),
    ("body not indented", "def f():\nreturn 1\n", "def f():\n    return 1\n"),
    (
        "syntax, then a name",
        "def f(count)\n    return cuont\n",
        "def f(count):\n    return count\n",
    ),
    ("misspelt name", "def f(count):\n    return cuont + 1\n", "def f(count):\n    return count + 1\n"),
    ("misspelt builtin", "def f(xs):\n    return lne(xs)\n", "def f(xs):\n    return len(xs)\n"),
    (
        "self left out",
        "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return f()\n",
        "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return self.f()\n",
    ),
    (
        "standard module",
        '"""Doc."""\n\n\ndef f(x):\n    return json.dumps(x)\n',
        '"""Doc."""\n\nimport json\n\n\ndef f(x):\n    return json.dumps(x)\n',
    ),
    (
        "standard module among others",
        "import json\nimport sys\n\nprint(json, os.sep, sys)\n",
        "import json\nimport os\nimport sys\n\nprint(json, os.sep, sys)\n",
    ),
    (
        "member of a standard module",
        "from typing import Any\n\n\ndef f(p: Any) -> Path:\n    return Path(p)\n",
        "from pathlib import Path\nfrom typing import Any\n\n\ndef f(p: Any) -> Path:\n    return Path(p)\n",
    ),
    (
        "joins the list of its module",
        "from collections import Counter\n\nprint(Counter(), OrderedDict())\n",
        "from collections import Counter, OrderedDict\n\nprint(Counter(), OrderedDict())\n",
    ),
    ("module left out", "import math\n\nx = sqrt(2) + math.pi\n", "import math\n\nx = math.sqrt(2) + math.pi\n"),
    ("unused import", "import os\nimport sys\n\nprint(sys)\n", "import sys\n\nprint(sys)\n"),
    ("redefinition", "import os\nimport os\n\nprint(os)\n", "import os\n\nprint(os)\n"),
    ("is with a literal", "def f(x):\n    return x is 'a'\n", "def f(x):\n    return x == 'a'\n"),
    ("export misspelt", "__all__ = ['runn']\n\n\ndef run(): ...\n", "__all__ = ['run']\n\n\ndef run(): ...\n"),
    (
        "all imports of a block",
        "def f():\n    import os\n    import sys\n",
        "def f():\n    pass\n",
    ),
]


def test_each_kind_of_error_is_repaired_where_it_stands(door: Open) -> None:
    paths = {what: f"{what.replace(' ', '_')}.py" for what, _, _ in ALONE}
    opened = door({paths[what]: before for what, before, _ in ALONE})
    repair = opened.fix()
    assert after(repair) == {paths[what]: expected for what, _, expected in ALONE}
    assert repair.plausible >= 1 and 0 < repair.confidence < 1
    assert {red.frames[0].path for red in opened.find().red} == set(paths.values())


def test_every_error_is_a_red_test_with_its_rule_and_place(door: Open) -> None:
    found = door({"pkg/a.py": "import os\nx = y\n", "b.py": "def f(\n"}).find()
    assert found.status is RED
    told = {red.test_id: (red.exception, red.frames[0].path, red.frames[0].line) for red in found.red}
    assert told["ruff F401 pkg/a.py:1"] == ("F401", "pkg/a.py", 1)
    assert told["ruff F821 pkg/a.py:2"] == ("F821", "pkg/a.py", 2)
    assert any(name.startswith("ruff syntax b.py:") and told[name][0] == "SyntaxError" for name in told)


def test_without_errors_there_is_nothing_to_repair(door: Open) -> None:
    found = door({"a.py": "x = 1\n", "latin.py": "# coding: latin-1\nx = '\xe9'\n".encode("latin-1")}).find()
    assert (found.status, found.red) == (GREEN, ())
    assert "latin.py:1" in found.reason  # ruff cannot read it, and that is said


def test_a_missing_import_is_written_as_the_project_does(door: Open) -> None:
    lacking = {
        "np.zeros(3)": "import numpy as np",
        "get(1)": "from acme.web import fetch as get",
        "shout(1)": "from pkg.other import shout",
        "LIMIT + 1": "from pkg.other import LIMIT",
    }
    files = {f"pkg/lacks_{k}.py": f"print({use})\n" for k, use in enumerate(lacking)}
    elsewhere = {
        "pkg/__init__.py": "",
        "pkg/one.py": "import numpy as np\nfrom acme.web import fetch as get\n\nprint(np, get)\n",
        "pkg/other.py": "LIMIT = 3\n\n\ndef shout(x):\n    return x\n",
    }
    repair = door({**elsewhere, **files}).fix()
    assert after(repair) == {
        path: f"{statement}\n\n{files[path]}" for path, statement in zip(files, lacking.values(), strict=True)
    }


def test_where_a_file_imports_relatively_so_does_what_it_lacks(door: Open) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/deep/__init__.py": "",
        "pkg/other.py": "def shout(x):\n    return x\n",
        "pkg/deep/near.py": "def say(x):\n    return x\n",
        "pkg/deep/code.py": "from .near import say\n\nprint(say(shout(1)))\n",
    }
    repair = door(files).fix()
    text = after(repair)["pkg/deep/code.py"]
    assert "from ..other import shout\n" in text and "from .near import say\n" in text


def test_where_the_package_imports_relatively_so_does_a_file_without_imports(door: Open) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/one.py": "from .two import two\n\nprint(two)\n",
        "pkg/two.py": "def two():\n    return 2\n",
        "pkg/three.py": "print(two())\n",
        "pkg/four.py": "print(one.two)\n",
    }
    assert after(door(files).fix()) == {
        "pkg/three.py": "from .two import two\n\nprint(two())\n",
        "pkg/four.py": "from . import one\n\nprint(one.two)\n",
    }


def test_the_tests_choose_between_names(door: Open) -> None:
    code = "def f(count, counts, amount):\n    return coun\n"
    test = "from code_ import f\n\ndef test_f():\n    assert f(1, 2, 3) == 2\n"
    repair = door({"code_.py": code, "test_code.py": test}).fix()
    assert "return counts\n" in after(repair)["code_.py"]
    assert repair.alternatives == ()


def test_without_tests_the_other_names_are_told(door: Open) -> None:
    repair = door({"code.py": "def f(count, counts):\n    return coun\n"}).fix()
    assert repair.plausible >= 2
    assert "return count\n" in after(repair)["code.py"]
    assert "+    return counts" in repair.alternatives[0].patch


def test_an_import_that_a_test_needs_is_not_removed(door: Open) -> None:
    files = {
        "registry.py": "known = []\n",
        "plugin.py": "import registry\n\nregistry.known.append(1)\n",
        "app.py": "import json\nimport plugin\nimport registry\n\n\ndef count():\n    return len(registry.known)\n",
        "test_app.py": "from app import count\n\ndef test_count():\n    assert count() == 1\n",
    }
    repair = door(files).fix()
    assert after(repair) == {"app.py": files["app.py"].removeprefix("import json\n")}
    assert repair.plausible == 0 and repair.confidence == 0
    assert "ruff F401 app.py:1 `plugin` imported but unused" in repair.reason


def test_what_no_answer_reaches_is_told_and_left(door: Open) -> None:
    files = {
        "name.py": "def f():\n    return qwertz\n",
        "place.py": "x = 1\nreturn x\n",
        "syntax.py": "x = (((\n]]]\nfor\n",
        "order.py": "def f():\n    print(x)\n    x = 1\n    return x\n\n\nx = 2\n",
    }
    opened = door(files)
    assert {red.frames[0].path for red in opened.find().red} == set(files)
    repair = opened.fix()
    assert repair.change is None
    told = ("F821 name.py:2", "F706 place.py:2", "F823 order.py:2", "syntax syntax.py:")
    assert [words for words in told if words not in repair.reason] == []


def test_what_is_repaired_beside_it_is_shown_but_not_plausible(door: Open) -> None:
    repair = door({"code.py": "import os\n\n\ndef f():\n    return qwertz\n"}).fix()
    assert "import os" not in after(repair)["code.py"]
    assert repair.plausible == 0 and "ruff F821 code.py" in repair.reason


def test_what_has_no_safe_fix_is_no_error_but_is_told(door: Open) -> None:
    found = door({"code.py": "def f():\n    x = 1\n"}).find()
    assert found.status is GREEN
    assert "F841 code.py:2" in found.reason


def test_tests_and_configuration_are_told_and_never_edited(door: Open) -> None:
    opened = door({"test_a.py": "import os\n", "setup.py": "import os\n", "a.py": "import os\n"})
    found = opened.find()
    assert [red.test_id for red in found.red] == ["ruff F401 a.py:1"]
    assert "test_a.py:1" in found.reason and "setup.py:1" in found.reason
    assert set(after(opened.fix())) == {"a.py"}


def test_a_broken_test_is_no_green_repository(door: Open) -> None:
    opened = door({"test_a.py": "def test_a(\n", "a.py": "x = 1\n"})
    assert opened.find().status is RED
    repair = opened.fix()
    assert repair.change is None and "never edited" in repair.reason


BYTES = [
    (b"import os\r\n\r\nx = json.dumps(1)\r\n", b"import json\r\n\r\nx = json.dumps(1)\r\n"),
    (b"\xef\xbb\xbfimport os\nx = 1\n", b"\xef\xbb\xbfx = 1\n"),
    ("def f(größe)\r\n    return 'é', grösse".encode(), "def f(größe):\r\n    return 'é', größe".encode()),
    (b"import os\nx = '\x0c'  # \x0c\n", b"x = '\x0c'  # \x0c\n"),
    (
        b"# coding: latin-1\ncount = 1\nx = '\xc3\xa9', cuont\n",
        b"# coding: latin-1\ncount = 1\nx = '\xc3\xa9', count\n",
    ),
]


def test_bytes_elsewhere_stay(door: Open) -> None:
    repair = door({f"code_{k}.py": before for k, (before, _) in enumerate(BYTES)}).fix()
    assert repair.change is not None, repair.reason
    assert {e.path: e.after for e in repair.change.edits} == {f"code_{k}.py": b for k, (_, b) in enumerate(BYTES)}


def test_the_projects_own_rules_decide(door: Open) -> None:
    code = "import sys\nimport os\n\nprint(sys, os)\nx = undefined\n"
    rules = '[tool.ruff]\nextend-exclude = ["vendor"]\nlint.select = ["I"]\n'
    files = {"pyproject.toml": rules, "code.py": code, "vendor/b.py": code}
    repair = door(files).fix()
    assert after(repair) == {"code.py": "import os\nimport sys\n\nprint(sys, os)\nx = undefined\n"}


def test_a_configuration_without_rules_keeps_what_it_ignores(door: Open) -> None:
    files = {"ruff.toml": 'lint.ignore = ["F401"]\n', "code.py": "import os\n\n\ndef f(x):\n    return x is 1\n"}
    assert [red.exception for red in door(files).find().red] == ["F632"]


def test_a_configuration_that_ruff_cannot_use_is_the_answer(door: Open) -> None:
    with pytest.raises(InputError, match="Required version"):
        door({"ruff.toml": 'required-version = "==0.0.1"\n', "code.py": "import os\n"}).find()


def test_a_repair_is_verified_by_ruff_and_the_tests(door: Open) -> None:
    opened = door(
        {"a.py": "import os\n\n\ndef f(x):\n    return lne(x)\n", "test_b.py": "def test_b():\n    assert True\n"}
    )
    verification = opened.verify(opened.fix())
    assert verification.tested
    assert [check.name for check in verification.checks][-3:] == [
        "test command",
        "every collected test ran",
        "no such errors",
    ]
    assert verification.passed


def test_with_no_test_at_all_only_ruff_speaks(door: Open) -> None:
    opened = door({"a.py": "import os\n"})
    verification = opened.verify(opened.fix())
    assert verification.passed and not verification.tested
    assert verification.checks[-1].name == "no such errors"


def test_a_change_that_leaves_an_error_does_not_pass(door: Open) -> None:
    opened = door({"a.py": "import os\n\n\ndef f():\n    return qwertz\n"})
    verification = opened.verify(opened.fix())
    assert not verification.passed
    assert "ruff F821 a.py" in verification.checks[-1].reason


def test_what_tests_write_gets_into_no_change(door: Open) -> None:
    vandal = (
        "from pathlib import Path\n\nPath(__file__).with_name('b.py').write_text('evil = 1\\n')\n"
        "Path(__file__).with_name('a.py').write_text('evil = 1\\n')\n\ndef test_it():\n    assert True\n"
    )
    repair = door({"a.py": "import os\nx = 1\n", "b.py": "y = 1\n", "test_v.py": vandal}).fix()
    assert after(repair) == {"a.py": "x = 1\n"}


def test_nothing_is_left_behind(door: Open, tmp_path: Path) -> None:
    opened = door({"a.py": "import os\n"})
    opened.fix()
    assert list((tmp_path / "workspaces").iterdir()) == []
    assert opened.repository.uncommitted() == ()
