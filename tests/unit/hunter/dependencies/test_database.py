"""The local advisory database: written whole or not at all."""

import json
import os
import sqlite3
import threading
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.contracts import Severity
from grace.errors import EnvironmentLacking, InputError
from grace.hunter.dependencies.advisory import Advisory, Affected, Event
from grace.hunter.dependencies.database import FILE_NAME, About, AdvisoryDatabase, replace_database
from grace.hunter.dependencies.rating import Rating
from grace.hunter.dependencies.update import update_from

THEN = datetime(2026, 5, 1, tzinfo=UTC)


def about():
    return About("somewhere", THEN, THEN, withdrawn=3, unreadable=4)


WORDS = st.from_regex(r"[a-z0-9.+!-]{1,9}", fullmatch=True)
EVENTS = st.builds(Event, st.sampled_from(["introduced", "fixed", "last_affected"]), WORDS)
AFFECTED = st.builds(
    Affected, st.lists(st.lists(EVENTS, max_size=3).map(tuple), max_size=2).map(tuple), st.lists(WORDS).map(tuple)
)
ADVISORIES = st.builds(
    Advisory,
    id=WORDS,
    aliases=st.lists(WORDS, max_size=2).map(tuple),
    summary=st.text(max_size=20),
    rating=st.builds(Rating, st.none() | st.sampled_from(Severity), st.text(max_size=9)),
    affected=st.lists(AFFECTED, max_size=2).map(tuple),
    malicious=st.booleans(),
)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(WORDS, ADVISORIES), min_size=1, max_size=6, unique_by=lambda each: (each[0], each[1].id)))
def test_what_is_written_is_read(tmp_path_factory, advisories):
    path = tmp_path_factory.mktemp("home") / FILE_NAME
    written = replace_database(path, advisories, about)
    database = AdvisoryDatabase(path)
    for package, _ in advisories:
        expected = sorted((each for name, each in advisories if name == package), key=lambda each: each.id)
        assert list(database.about_package(package)) == expected
    assert database.about_package("nobody") == ()
    assert database.about == written
    assert (written.count, written.packages) == (
        len({each.id for _, each in advisories}),
        len({name for name, _ in advisories}),
    )
    database.close()


def test_the_old_database_stays_when_there_is_nothing_new(tmp_path, advisory):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "1.json").write_text(json.dumps(advisory("flask", ("introduced", "0"))))
    update_from(tmp_path / "records", tmp_path / "home")
    before = (tmp_path / "home" / FILE_NAME).read_bytes()
    (tmp_path / "records" / "1.json").write_text("{")
    with pytest.raises(InputError, match="No advisory about a Python package"):
        update_from(tmp_path / "records", tmp_path / "home")
    assert (tmp_path / "home" / FILE_NAME).read_bytes() == before
    assert [path.name for path in (tmp_path / "home").iterdir()] == [FILE_NAME]


def test_the_old_database_stays_when_reading_the_new_one_fails(tmp_path):
    path = tmp_path / FILE_NAME
    replace_database(path, [("flask", Advisory("A"))], about)
    before = path.read_bytes()

    def failing():
        yield "flask", Advisory("B")
        raise InputError("the source breaks off")

    with pytest.raises(InputError, match="breaks off"):
        replace_database(path, failing(), about)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_keeps_what_it_opened_while_it_is_replaced(tmp_path):
    path = tmp_path / FILE_NAME
    replace_database(path, [("flask", Advisory("A"))], about)
    reader = AdvisoryDatabase(path)
    replace_database(path, [("flask", Advisory("B"))], about)
    assert [each.id for each in reader.about_package("flask")] == ["A"]
    assert [each.id for each in AdvisoryDatabase(path).about_package("flask")] == ["B"]


def test_several_threads_read(tmp_path):
    path = tmp_path / FILE_NAME
    replace_database(path, [(f"package-{at}", Advisory(f"A-{at}")) for at in range(50)], about)
    reader, found = AdvisoryDatabase(path), []

    def read():
        found.extend(reader.about_package(f"package-{at}")[0].id for at in range(50))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 200


def test_what_a_killed_update_left_is_swept_up(tmp_path):
    old, young = tmp_path / f"{FILE_NAME}.old.new", tmp_path / f"{FILE_NAME}.young.new"
    old.write_text("")
    young.write_text("")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    replace_database(tmp_path / FILE_NAME, [("flask", Advisory("A"))], about)
    assert not old.exists()
    assert young.exists()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentLacking, match="cannot be written"):
        replace_database(tmp_path / "home" / FILE_NAME, [("flask", Advisory("A"))], about)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_database_is_an_error(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(EnvironmentLacking, match="grace advisories update"):
        AdvisoryDatabase(tmp_path / FILE_NAME)


def test_a_database_of_another_layout_is_an_error(tmp_path):
    path = tmp_path / FILE_NAME
    replace_database(path, [("flask", Advisory("A"))], about)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = '0' WHERE name = 'layout'")
    connection.close()
    with pytest.raises(EnvironmentLacking, match="layout 0"):
        AdvisoryDatabase(path)


def test_damage_inside_is_an_error(tmp_path):
    path = tmp_path / FILE_NAME
    replace_database(path, [("flask", Advisory("A"))], about)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE advisory SET content = x'00'")
    connection.close()
    with pytest.raises(EnvironmentLacking, match="cannot be read"):
        AdvisoryDatabase(path).about_package("flask")
