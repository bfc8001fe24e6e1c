"""Whatever way a URL is written, the repository is the same; and no other is."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grace.errors import InputError
from grace.git.remotes import normalised, without_credentials

label = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
host = st.lists(label, min_size=1, max_size=3).map(".".join)
part = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,10}", fullmatch=True).filter(lambda each: not each.endswith(".git"))
path = st.lists(part, min_size=1, max_size=3).map("/".join)
user = st.sampled_from(["", "git@", "ann:secret@", "oauth2:to%40ken@"])
ending = st.sampled_from(["", ".git", "/", ".git/"])


@st.composite
def written(draw: st.DrawFn, host: str, path: str) -> str:
    """One way to write the URL of a repository."""
    shouted = "".join(letter.upper() if draw(st.booleans()) else letter for letter in host)
    end = draw(ending)
    match draw(st.sampled_from(["https", "ssh", "http", "git", "scp"])):
        case "scp":
            return f"{draw(st.sampled_from(['', 'git@']))}{shouted}:{draw(st.sampled_from(['', '/']))}{path}{end}"
        case scheme:
            port = {"https": ":443", "ssh": ":22", "http": ":80", "git": ":9418"}[scheme]
            return f"{scheme}://{draw(user)}{shouted}{draw(st.sampled_from(['', port]))}/{path}{end}"


@given(st.data(), host, path)
def test_every_way_to_write_a_url_is_the_same_repository(data: st.DataObject, host: str, path: str) -> None:
    one, other = data.draw(written(host, path)), data.draw(written(host, path))
    assert normalised(one) == normalised(other) == f"{host}/{path}"
    assert "secret" not in normalised(one) or "secret" in path + host


@given(host, path, host, path, st.sampled_from(["", ":2222"]))
def test_other_hosts_paths_and_ports_are_other_repositories(
    host: str, path: str, other_host: str, other_path: str, port: str
) -> None:
    assume((host, path, "") != (other_host, other_path, port))
    assert normalised(f"https://{host}/{path}.git") != normalised(f"ssh://git@{other_host}{port}/{other_path}")


@given(st.text(max_size=80))
def test_whatever_is_written_is_compared_or_refused(text: str) -> None:
    try:
        assert normalised(text) == normalised(text)
    except InputError as error:
        assert str(error)


@given(user, host, path)
def test_no_credentials_are_left(user: str, host: str, path: str) -> None:
    assert without_credentials(f"https://{user}{host}/{path}") == f"https://{host}/{path}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///srv/git/shop.git", "/srv/git/shop"),
        ("https://git.example/a%20b", "https://git.example/a b"),
        ("https://git.example//team//shop", "git@git.example:team/shop"),
        ("ssh://git@[::1]:22/team/shop", "git@[::1]:team/shop.git"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
