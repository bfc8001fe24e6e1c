"""What is documented is executed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = ROOT / "README.md"


def blocks(page: Path) -> list[str]:
    """The fenced blocks of a page."""
    return re.findall(r"(?ms)^```\w*\n(.*?)^```$", page.read_text())


def help_blocks() -> list[tuple[str, str]]:
    """Commands that the pages show with their help, and that help."""
    return [
        (first.removeprefix("$ "), rest)
        for page in PAGES
        for first, _, rest in (block.partition("\n") for block in blocks(page))
        if re.fullmatch(r"\$ grace [a-z -]*--help", first)
    ]


def test_the_readme_shows_the_help() -> None:
    assert "grace --help" in [command for command, _ in help_blocks()]


@pytest.mark.parametrize(("command", "shown"), help_blocks())
def test_help_is_what_the_command_prints(command: str, shown: str, tmp_path: Path) -> None:
    program, *arguments = shlex.split(command)
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert done.stdout.strip() == shown.strip()


def test_make_targets_that_are_named_are_there() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    named = {name for page in PAGES for name in re.findall(r"(?:`|^\$? *)make ([a-z]+)", page.read_text())}
    assert {"demo", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())
    assert not [target for target in targets if not (page.parent / target).exists()]


def test_the_readme_fits_its_size() -> None:
    assert len(README.read_text().splitlines()) <= 150


def test_decisions_are_short_and_numbered() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in decisions] == list(range(1, len(decisions) + 1))
    assert not [page.name for page in decisions if len(page.read_text().splitlines()) > 40]
