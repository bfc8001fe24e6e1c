"""Advisories as others keep them: folders and zips of JSON and YAML."""

import json
import zipfile

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.errors import InputError
from grace.hunter.dependencies.export import Tally, documents
from grace.hunter.dependencies.source_text import Unreadable
from grace.hunter.dependencies.yaml_record import load


def ids(source, tally=None):
    return [document.id for document in documents(source, tally or Tally())]


@pytest.fixture
def packed(tmp_path):
    """A zip of files."""

    def packed(files):
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    return packed


def test_a_folder_of_yaml_and_json_is_read_in_order(tmp_path, advisory):
    (tmp_path / "vulns" / "a").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "vulns" / "a" / "PYSEC-2.yaml").write_text(yaml.dump(advisory("a", name="PYSEC-2")))
    (tmp_path / "vulns" / "a" / "PYSEC-1.json").write_text(json.dumps(advisory("a", name="PYSEC-1")))
    (tmp_path / ".git" / "PYSEC-3.json").write_text(json.dumps(advisory("a", name="PYSEC-3")))
    (tmp_path / "README.md").write_text("no advisory")
    (tmp_path / "vulns" / "link.json").symlink_to(tmp_path / "vulns" / "a" / "PYSEC-1.json")
    assert ids(tmp_path) == ["PYSEC-1", "PYSEC-2"]


def test_a_zip_is_read(packed, advisory):
    path = packed({"b/PYSEC-2.json": json.dumps(advisory("a", name="PYSEC-2")), "README.md": "x"})
    assert ids(path) == ["PYSEC-2"]


def test_what_is_left_out_is_counted(packed, advisory):
    other = advisory("left-pad")
    other["affected"][0]["package"]["ecosystem"] = "npm"
    tally = Tally()
    path = packed(
        {
            "1.json": json.dumps(advisory("a", withdrawn="2024-01-01T00:00:00Z")),
            "2.json": json.dumps(other),
            "3.json": "{",
            "4.yaml": "a: [",
            "5.json": b"\xff\xfe\xff",
            "6.json": "[" * 100_000,
            "7.yaml": "[" * 100_000,
            "8.yaml": "- " * 100_000,
            "9.json": json.dumps(advisory("a", name="PYSEC-9", modified="2026-05-31T00:00:00Z")),
        }
    )
    assert ids(path, tally) == ["PYSEC-9"]
    assert (tally.withdrawn, tally.other_ecosystems, tally.unreadable) == (1, 1, 6)
    assert [example.partition(":")[0] for example in tally.examples] == [
        *("3.json", "4.yaml", "5.json", "6.json", "7.yaml", "8.yaml"),
    ]
    assert tally.newest == "2026-05-31T00:00:00Z"


def test_a_time_in_the_future_is_not_the_newest(packed, advisory):
    tally = Tally(latest="2026-06-01")
    records = {
        "1.json": json.dumps(advisory("a", modified="2026-05-01T00:00:00Z")),
        "2.json": json.dumps(advisory("a", modified="2999-01-01T00:00:00Z")),
        "3.json": json.dumps(advisory("a", modified="zzz")),
    }
    assert len(ids(packed(records), tally)) == 3
    assert tally.newest == "2026-05-01T00:00:00Z"


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x.json", "/etc/x.json", "a/../../x.json", "..\\x.json", "C:/x.json"]
)
def test_a_zip_whose_paths_lead_out_is_refused(packed, name):
    with pytest.raises(InputError, match="leads out of it"):
        ids(packed({name: "{}"}))


def test_a_zip_that_grows_is_refused(packed):
    with pytest.raises(InputError, match="grows 200 times"):
        ids(packed({"1.json": b" " * 10_000_000}))


def test_a_zip_that_is_none_is_refused(tmp_path):
    (tmp_path / "all.zip").write_bytes(b"PK\3\4 and nothing else")
    with pytest.raises(InputError, match="cannot be read as a zip"):
        ids(tmp_path / "all.zip")


def test_a_damaged_record_in_a_zip_is_counted(packed, advisory):
    path = packed({"1.json": json.dumps(advisory("a")), "2.json": json.dumps(advisory("a", name="PYSEC-2"))})
    content = bytearray(path.read_bytes())
    content[content.index(b"1.json") + 20] ^= 0xFF
    path.write_bytes(content)
    tally = Tally()
    assert ids(path, tally) == ["PYSEC-2"]
    assert tally.unreadable == 1


def test_a_source_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        ids(tmp_path / "nothing")


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x", "[1]: 2", "a: " + "{b: " * 50])
def test_yaml_that_advisories_do_not_need_is_refused(text):
    with pytest.raises(Unreadable):
        load(text)


WORDS = st.from_regex(r"[0-9A-Za-z.+!_-]{1,8}", fullmatch=True)
VALUES = st.recursive(
    st.text(max_size=12) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.just("versions"), inner, max_size=4),
    max_leaves=15,
)
RECORDS = st.dictionaries(st.sampled_from(["id", "versions", "affected", "details"]), VALUES)


@settings(deadline=None)
@given(RECORDS | st.fixed_dictionaries({"affected": st.lists(st.dictionaries(st.just("versions"), st.lists(WORDS)))}))
def test_yaml_is_read_as_pyyaml_reads_it(record):
    assert load(yaml.dump(record)) == yaml.load(yaml.dump(record), Loader=yaml.BaseLoader)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["versions:", "- 1.0", "  - '1.1'", "  more", "details: |", "  versions:", "# x", "- a b"])
    )
)
def test_versions_in_odd_places_are_read_as_pyyaml_reads_them(lines):
    text = "\n".join(["affected:", *lines, ""])
    try:
        expected = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return
    found = load(text)
    assert found == expected


def test_references_and_credits_are_left_out():
    text = "id: A\nreferences:\n- type: WEB\n  url: x\ncredits:\n- name: B\ndetails: |\n  references:\n  - c\n"
    assert load(text) == {"id": "A", "details": "references:\n- c\n"}
