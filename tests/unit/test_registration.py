"""How repositories come under GRACE's care."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grace.contracts import RegisteredRepository
from grace.errors import InputError
from grace.git import GitRepository, run_git
from grace.git.remotes import clone
from grace.registration import is_own_clone, register, registered_as, seconds
from grace.settings import Settings
from grace.store.repositories import SqlRepositories

Make = Callable[..., GitRepository]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "home"))
    return Settings()


@pytest.fixture
def shop(make_repository: Make) -> GitRepository:
    return make_repository({"a.py": "x = 1\n"}, name="shop")


def known(settings: Settings) -> tuple[RegisteredRepository, ...]:
    return SqlRepositories.open(settings.database).all()


def test_a_folder_is_known_by_its_origin_without_credentials(shop: GitRepository, settings: Settings) -> None:
    run_git(("config", "remote.origin.url", "https://ann:secret@git.example/team/shop.git"), cwd=shop.root)
    added = register(str(shop.root), settings)
    assert added.name == "shop"
    assert added.location == str(shop.root)
    assert added.remote == "https://git.example/team/shop.git"
    assert known(settings) == (added,)
    assert not is_own_clone(added, settings)


def test_a_folder_without_origin_is_known_by_what_is_said(shop: GitRepository, settings: Settings) -> None:
    assert register(str(shop.root), settings).remote == ""
    said = register(str(shop.root), settings, remote="git@git.example:team/shop.git", every="1h")
    assert said.remote == "git@git.example:team/shop.git"
    assert said.every_seconds == 3600
    assert known(settings) == (said,)


def test_a_folder_keeps_the_name_it_has(shop: GitRepository, settings: Settings) -> None:
    first = register(str(shop.root), settings, name="store")
    assert register(str(shop.root), settings) == first
    assert register(f"{shop.root}/../shop/", settings) == first


def test_a_url_is_cloned_once(shop: GitRepository, settings: Settings) -> None:
    url = shop.root.as_uri()
    added = register(url, settings)
    assert added.remote == url
    folder = Path(added.location)
    assert folder == settings.repositories / "shop.git"
    assert is_own_clone(added, settings)
    delivered = "refs/heads/grace/fix-bug/1"
    run_git(("update-ref", delivered, "HEAD"), cwd=folder)
    assert register(url, settings) == added
    SqlRepositories.open(settings.database).remove("shop")
    assert register(url, settings) == added
    assert GitRepository.open(folder).find(delivered)


def test_a_clone_of_something_else_is_not_taken_for_it(shop: GitRepository, settings: Settings) -> None:
    clone(shop.root.as_uri(), settings.repositories / "other.git")
    with pytest.raises(InputError, match="is a clone of"):
        register("https://git.example/team/other", settings)
    assert known(settings) == ()


def test_nothing_is_registered_when_the_clone_fails(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        register((tmp_path / "nowhere").as_uri(), settings)
    assert known(settings) == ()
    assert list(settings.repositories.iterdir()) == []


def test_names_and_remotes_stand_for_one_repository(
    shop: GitRepository, make_repository: Make, settings: Settings
) -> None:
    other = make_repository({"b.py": ""}, name="other")
    register(str(shop.root), settings, remote="https://git.example/team/shop")
    with pytest.raises(InputError, match="already stands for"):
        register(str(other.root), settings, name="shop")
    with pytest.raises(InputError, match="registered already, as shop"):
        register(str(other.root), settings, remote="git@GIT.example:team/shop.git")
    register(str(other.root), settings)
    assert [each.name for each in known(settings)] == ["other", "shop"]


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"every": "1"}, "interval"),
        ({"every": "0h"}, "interval"),
        ({"every": "1w"}, "interval"),
        ({"name": "../x"}, "is no name"),
        ({"name": ".hidden"}, "is no name"),
        ({"remote": "https://git.example:port/x"}, "not the URL"),
    ],
)
def test_what_cannot_be_used_is_said(
    shop: GitRepository, settings: Settings, keywords: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        register(str(shop.root), settings, **keywords)
    assert known(settings) == ()


def test_what_is_no_repository_is_refused(tmp_path: Path, settings: Settings) -> None:
    for source in (str(tmp_path), str(tmp_path / "nowhere"), "http://git.example/x", "ext::sh -c true"):
        with pytest.raises(InputError):
            register(source, settings)


def test_intervals_are_read() -> None:
    assert [seconds(every) for every in ("30m", "1h", "2d")] == [1800, 3600, 172_800]


def test_one_of_several_urls_is_enough_to_be_known() -> None:
    shop = RegisteredRepository(name="shop", location="/x", remote="git@git.example:team/shop.git")
    local = RegisteredRepository(name="local", location="/y")
    urls = ("https://git.example:3000/team/shop", "ssh://git@git.example/team/shop.git")
    assert registered_as(urls, (local, shop)) == shop
    assert registered_as(urls[:1], (local, shop)) is None
    assert registered_as((), (local,)) is None
