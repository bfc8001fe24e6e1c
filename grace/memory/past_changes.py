"""Which files past commits of a similar subject touched: for "change this" queries, the files come first.

Commit subjects are kept as postings beside those of the symbols, under words with a mark before them. A commit votes
for its files with how well its subject fits, the less the more files it touched.
"""

from collections import Counter, defaultdict
from math import log

import numpy as np

from grace.memory.database import Connection
from grace.memory.postings import Postings, pack_postings, unpack_postings
from grace.memory.query import Query
from grace.memory.words import count_words

SUBJECT = "~"
"""Stands before a word of subjects; alone, it marks a stretch of commits: df of them, the newest one's id in `data`."""
_STRETCHES = 8
_COMMITS = 100
"""Fitting commits that vote."""
_LARGE_COMMIT = 30
_SHARE = 0.5
"""What the file with most votes gains."""


def write_subjects(connection: Connection, repo_id: int) -> None:
    """Make the subjects of new commits findable: a stretch for the new ones; now and then, or when history was read
    anew, one for all."""
    query = "SELECT segment, df, data FROM code_postings WHERE word = ? AND repo_id = ?"
    stretches = connection.rows(query, (SUBJECT, repo_id))
    known = max((int.from_bytes(bytes(data), "little") for _, _, data in stretches), default=0)
    query = "SELECT COUNT(*) FROM code_commits WHERE repo_id = ? AND id <= ?"
    kept = int(connection.rows(query, (repo_id, known))[0][0])
    if len(stretches) >= _STRETCHES or kept != sum(df for _, df, _ in stretches):
        connection.run_many(
            "DELETE FROM code_postings WHERE repo_id = ? AND segment = ?",
            [(repo_id, segment) for segment, _, _ in stretches],
        )
        known = 0
    rows = connection.rows(
        "SELECT id, subject FROM code_commits WHERE repo_id = ? AND id > ? ORDER BY id", (repo_id, known)
    )
    if not rows:
        return
    commits: defaultdict[str, list[int]] = defaultdict(list)
    for commit, subject in rows:
        for word in count_words(subject):
            commits[word].append(commit)
    stretch = connection.take_ids("code_segments", 1)
    connection.insert(
        "code_postings",
        ("repo_id", "segment", "word", "df", "data"),
        [
            (repo_id, stretch, SUBJECT, len(rows), rows[-1][0].to_bytes(8, "little")),
            *(
                (repo_id, stretch, SUBJECT + word, len(found), _packed(found))
                for word, found in sorted(commits.items())
            ),
        ],
    )


def files_changed_for(connection: Connection, query: Query, repo_id: int | None) -> dict[int, float]:
    """File id -> what it gains, as a share, because similar changes touched it."""
    keys = [SUBJECT, *(SUBJECT + word for word in query.words)]
    only, parameters = ("", ()) if repo_id is None else (" AND repo_id = ?", (repo_id,))
    marks = ", ".join("?" * len(keys))
    rows = connection.rows(
        f"SELECT word, df, data FROM code_postings WHERE word IN ({marks}){only}", (*keys, *parameters)
    )
    total = sum(df for word, df, _ in rows if word == SUBJECT)
    frequencies: Counter[str] = Counter()
    for word, df, _ in rows:
        frequencies[word] += df
    found = [(word, unpack_postings(bytes(data)).documents) for word, _, data in rows if word != SUBJECT]
    if not found:
        return {}
    weights = [
        query.words[word[1:]] * log(1 + (total - frequencies[word] + 0.5) / (frequencies[word] + 0.5))
        for word, _ in found
    ]
    commits, places = np.unique(np.concatenate([documents for _, documents in found]), return_inverse=True)
    scores = np.bincount(places, np.repeat(weights, [len(documents) for _, documents in found]))
    best = np.argsort(-scores, kind="stable")[:_COMMITS]
    return _votes(connection, dict(zip(commits[best].tolist(), scores[best].tolist(), strict=True)))


def _votes(connection: Connection, commits: dict[int, float]) -> dict[int, float]:
    marks = ", ".join("?" * len(commits))
    rows = connection.rows(
        "SELECT c.id, c.files, f.id FROM code_commits c"
        " JOIN code_commit_paths t ON t.commit_id = c.id JOIN code_paths p ON p.id = t.path_id"
        " JOIN code_files f ON f.repo_id = p.repo_id AND f.path = p.path"
        f" WHERE c.id IN ({marks}) AND c.files <= ?",
        (*commits, _LARGE_COMMIT),
    )
    votes: defaultdict[int, float] = defaultdict(float)
    for commit, files, file_id in rows:
        votes[file_id] += commits[commit] ** 2 / log(files + 1.5)
    highest = max(votes.values(), default=1.0)
    return {file_id: _SHARE * vote / highest for file_id, vote in votes.items()}


def _packed(commits: list[int]) -> bytes:
    nothing = np.zeros(len(commits), np.uint8)
    return pack_postings(Postings(np.array(commits, np.uint32), nothing, nothing))
