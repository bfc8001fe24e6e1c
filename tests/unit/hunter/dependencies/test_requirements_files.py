"""Requirements files, as pip reads them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.hunter.dependencies.declarations import Declared, Include, LocalProject
from grace.hunter.dependencies.readers.requirements import logical_lines, read


def only(text):
    """The one dependency that a text declares."""
    declarations = read(text.encode())
    assert declarations.problems == ()
    (dependency,) = declarations.dependencies
    return dependency


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("flask==2.0", "flask", "2.0"),
        ("flask == 2.0  # why", "flask", "2.0"),
        ("flask===2.0", "flask", "2.0"),
        ("flask==2.0,!=2.0.1", "flask", "2.0"),
        ("Flask_Login[all]==1!2.0rc1", "Flask_Login", "1!2.0rc1"),
        ("flask (==2.0)", "flask", "2.0"),
        ("torch==2.0+cu118", "torch", "2.0+cu118"),
        ("flask==2.*", "flask", None),
        ("flask~=2.0", "flask", None),
        ("flask>=2,<3", "flask", None),
        ("flask", "flask", None),
        ("pytz==2004d", "pytz", "2004d"),
    ],
)
def test_exact_versions_are_told_from_ranges(text, name, version):
    dependency = only(text)
    assert (dependency.name, dependency.version, dependency.skipped) == (name, version, "")


def test_markers_and_lines_are_kept():
    declarations = read(b"# first\n\nflask==2.0 ; python_version < '3.8'\nrequests==2.1\n")
    first, second = declarations.dependencies
    assert (first.line, first.marker) == (3, 'python_version < "3.8"')
    assert (second.line, second.marker) == (4, "")


def test_hashes_and_continued_lines_belong_to_the_requirement():
    text = "flask==2.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n  # via shop\nrequests==2.1\n"
    assert [(each.name, each.version, each.line) for each in read(text.encode()).dependencies] == [
        ("flask", "2.0", 1),
        ("requests", "2.1", 5),
    ]


def test_a_comment_ends_a_continued_line():
    text = "flask==2.0 \\\n# flask is here to stay \\\nrequests==2.1\n"
    assert [each.name for each in read(text.encode()).dependencies] == ["flask", "requests"]


@pytest.mark.parametrize(
    "text",
    [
        "git+https://git.example/shop.git@v1#egg=shop",
        "shop @ git+https://git.example/shop.git@v1",
        "-e git+ssh://git@git.example/shop.git#egg=shop",
        "shop @ https://files.example/shop-1.0.tar.gz",
        "https://files.example/shop-1.0.tar.gz#egg=shop",
    ],
)
def test_what_has_no_release_is_skipped(text):
    dependency = only(text)
    assert dependency.name == "shop"
    assert dependency.version is None
    assert "it comes from a" in dependency.skipped


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("-e .", "."),
        ("--editable=.[dev]", "."),
        ("./libs/shop", "./libs/shop"),
        ("libs/shop", "libs/shop"),
        ("../shop ; python_version > '3'", "../shop"),
        ("file:///srv/shop", "/srv/shop"),
        ("shop @ file:///srv/shop", "/srv/shop"),
        ("dist/shop-1.0-py3-none-any.whl", "dist/shop-1.0-py3-none-any.whl"),
    ],
)
def test_folders_and_files_are_local_projects(text, path):
    declarations = read(text.encode())
    assert declarations.problems == ()
    assert [each.path for each in declarations.local_projects] == [path]


def test_includes_say_what_they_are():
    text = "-r base.txt\n--requirement=dev.txt\n-rmore.txt\n-c constraints.txt\n--constraint c.txt\n"
    assert read(text.encode()).includes == (
        Include("base.txt", 1),
        Include("dev.txt", 2),
        Include("more.txt", 3),
        Include("constraints.txt", 4, constraint=True),
        Include("c.txt", 5, constraint=True),
    )


def test_options_about_installing_declare_nothing():
    text = "-i https://pypi.example/simple\n--extra-index-url https://x\n--no-binary :all:\n--pre\n-f ./wheels\n"
    assert read(text.encode()) == read(b"")


@pytest.mark.parametrize("text", ["-r", "-r https://example.org/base.txt", "--what-is-this", "==1.0", "two words"])
def test_what_is_not_understood_is_a_problem(text):
    declarations = read(text.encode())
    assert declarations.dependencies == ()
    assert [problem.line for problem in declarations.problems] == [1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_say_the_encoding(encoding):
    assert [each.name for each in read("flask==2.0\n".encode(encoding)).dependencies] == ["flask"]


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text):
    for line, said in logical_lines(text):
        assert line >= 1
        assert said.strip() == said != ""


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_bytes_give_declarations_or_a_reason(content):
    from grace.hunter.dependencies.source_text import Unreadable

    try:
        declarations = read(content)
    except Unreadable as error:
        assert str(error)
    else:
        assert all(isinstance(each, Declared) for each in declarations.dependencies)
        assert all(isinstance(each, LocalProject) for each in declarations.local_projects)


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}([._-][a-z0-9]{1,5})?", fullmatch=True)
VERSIONS = st.from_regex(
    r"(1!)?[0-9]{1,2}(\.[0-9]{1,2}){0,3}((a|b|rc)[1-9])?(\.post[1-9])?(\.dev[1-9])?", fullmatch=True
)


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, VERSIONS, st.booleans()), max_size=8))
def test_pins_come_back_with_their_lines(pins):
    lines, expected = [], []
    for name, version, hashed in pins:
        expected.append((name, version, len(lines) + 1))
        lines += [f"{name}=={version} \\", "    --hash=sha256:00"] if hashed else [f"{name}=={version}"]
        lines.append("")
    found = read("\n".join(lines).encode()).dependencies
    assert [(each.name, each.version, each.line) for each in found] == expected
