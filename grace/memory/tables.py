"""The SQL tables of code memory: derived from repositories, but for what recalls taught.

They are read and filled by SQL over the driver (`grace.memory.database`): a million rows are no objects. Times are
seconds since 1970 UTC unless they say otherwise. Symbols of a file that changed get new ids; ids are never used twice.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel


def _text() -> Column[str]:
    return Column(Text, nullable=False, server_default="")


def _blob() -> Column[bytes]:
    return Column(LargeBinary, nullable=False)


def _id() -> Column[int]:
    return Column(Integer, primary_key=True, autoincrement=False)


class Memory(SQLModel):
    """What these tables have in common: they are not those of the runs."""

    metadata = MetaData()


class CodeRepository(Memory, table=True):
    """A repository as it was indexed last."""

    __tablename__ = "code_repositories"

    id: int = Field(sa_column=_id())
    location: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    """The folder it lies in, links resolved."""
    name: str = Field(sa_column=_text())
    revision: str = Field(sa_column=_text())
    """The commit that was checked out, "" without git."""
    indexed_at: float = 0
    watched: bytes = Field(sa_column=_blob())
    """Modification times of its folders and ignore files, so that an unchanged repository is known as such."""
    files: int = 0
    lines: int = 0
    symbols: int = 0
    edges: int = 0
    unresolved: int = 0
    """Attribute uses of which nobody could say what they mean."""
    history_revision: str = Field(sa_column=_text())
    """Up to which commit history was read."""


class CodeNumber(Memory, table=True):
    """Counters: the next id of each table, the format of payloads."""

    __tablename__ = "code_numbers"

    name: str = Field(primary_key=True)
    value: int


class CodeBlob(Memory, table=True):
    """What a file's content says, whichever repository, branch or path has it."""

    __tablename__ = "code_blobs"

    blob: str = Field(primary_key=True, max_length=80)
    """git's id of the content and what decided how it was read; see `grace.memory.parse.blob_key`."""
    payload: bytes = Field(sa_column=_blob())


class CodeFile(Memory, table=True):
    """A file of a repository, as it was indexed."""

    __tablename__ = "code_files"
    __table_args__ = (Index("ix_code_files_path", "repo_id", "path", unique=True),)

    id: int = Field(sa_column=_id())
    repo_id: int
    path: str = Field(sa_column=_text())
    blob: str = Field(sa_column=_text())
    """"" when its content was not looked at."""
    mtime_ns: int = Field(sa_type=BigInteger)
    size: int = Field(sa_type=BigInteger)
    inode: int = Field(sa_type=BigInteger)
    language: str = ""
    lines: int = 0
    status: str = Field(sa_column=_text())
    """"" when parsed; else why not: `generated`, `too large`, what the parser said."""
    unresolved: int = 0


class CodeMention(Memory, table=True):
    """The names a file uses: whether it may be touched when such a name comes or goes."""

    __tablename__ = "code_mentions"

    file_id: int = Field(sa_column=_id())
    repo_id: int
    names: bytes = Field(sa_column=_blob())
    """Checksums, four bytes each; see `grace.memory.payload.checksum`."""


class CodeSymbol(Memory, table=True):
    """A module, class, function, method or variable."""

    __tablename__ = "code_symbols"
    __table_args__ = (Index("ix_code_symbols_name", "name"), Index("ix_code_symbols_file", "file_id"))

    id: int = Field(sa_column=_id())
    repo_id: int
    file_id: int
    parent_id: int
    """0 for a module."""
    name: str = Field(sa_column=_text())
    """Of a module: its dotted name without the folders that only hold packages."""
    qualname: str = Field(sa_column=_text())
    """Within the file: `Class.method`; "" for the module."""
    kind: int
    line: int
    first_line: int
    end_line: int
    signature: str = Field(sa_column=_text())
    doc: str = Field(sa_column=_text())
    complexity: int
    fan_in: int = 0
    """Edges that lead to it, guesses aside."""


class CodeEdge(Memory, table=True):
    """One symbol uses another."""

    __tablename__ = "code_edges"
    __table_args__ = (Index("ix_code_edges_dst", "dst", "kind"), {"sqlite_with_rowid": False})

    src: int = Field(sa_column=_id())
    dst: int = Field(sa_column=_id())
    kind: int = Field(sa_column=_id())
    """`grace.memory.graph.EdgeKind`."""
    confidence: int
    """0 to 100; what is below 100 was inferred, and the kinds MAYBE are guesses."""


class CodeSegment(Memory, table=True):
    """A stretch of the text index: the symbols that one indexing added."""

    __tablename__ = "code_segments"

    repo_id: int = Field(sa_column=_id())
    segment: int = Field(sa_column=_id())
    symbols: int
    columns: bytes = Field(sa_column=_blob())


class CodePosting(Memory, table=True):
    """Where a word stands, within one segment."""

    __tablename__ = "code_postings"
    __table_args__ = (
        Index("ix_code_postings_word", "word", "repo_id", "segment", unique=True),
        Index("ix_code_postings_segment", "repo_id", "segment"),
    )

    id: int | None = Field(default=None, primary_key=True)
    repo_id: int
    segment: int
    word: str = Field(sa_column=_text())
    df: int
    data: bytes = Field(sa_column=_blob())


class CodePattern(Memory, table=True):
    """A piece of code worth remembering, and how well remembering it went."""

    __tablename__ = "code_patterns"
    __table_args__ = (Index("ix_code_patterns_place", "project", "file_path", "name"),)

    id: int = Field(sa_column=_id())
    """The symbol's id."""
    pattern_type: str
    language: str
    name: str = Field(sa_column=_text())
    """Qualified within its file."""
    signature: str = Field(sa_column=_text())
    code_snippet: str = Field(sa_column=_text())
    file_path: str = Field(sa_column=_text())
    project: str = Field(sa_column=_text())
    tags: str = Field(sa_column=_text())
    """A JSON list."""
    dependencies: str = Field(sa_column=_text())
    """A JSON list of what it calls."""
    complexity: int
    times_recalled: int = 0
    success_rate: float = 0.5
    """Of the recalls whose end is known, with one success and one failure assumed (Laplace)."""
    confidence: float = 1.0
    created_at: float
    updated_at: float


class CodeRecall(Memory, table=True):
    """A pattern was recalled for a run; what came of it."""

    __tablename__ = "code_recalls"
    __table_args__ = (Index("ix_code_recalls_run", "run_id"),)

    id: int | None = Field(default=None, primary_key=True)
    project: str = Field(sa_column=_text())
    file_path: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    run_id: str = ""
    recalled_at: float
    succeeded: int | None = None
    """1 delivered, 0 not, None while nobody knows."""


class CodePath(Memory, table=True):
    """A path that history knows, whether or not it still exists."""

    __tablename__ = "code_paths"
    __table_args__ = (Index("ix_code_paths_path", "repo_id", "path", unique=True),)

    id: int = Field(sa_column=_id())
    repo_id: int
    path: str = Field(sa_column=_text())


class CodeCommit(Memory, table=True):
    """One commit, as history tells it."""

    __tablename__ = "code_commits"
    __table_args__ = (Index("ix_code_commits_sha", "repo_id", "sha", unique=True),)

    id: int = Field(sa_column=_id())
    repo_id: int
    sha: str = Field(sa_column=_text())
    author: str = Field(sa_column=_text())
    committed_at: int
    subject: str = Field(sa_column=_text())
    is_fix: int = 0
    reverted: int = 0
    """1 when a later commit took it back."""
    files: int = 0


class CodeCommitPath(Memory, table=True):
    """A commit touched a path: what co-change, ownership and churn are counted from."""

    __tablename__ = "code_commit_paths"
    __table_args__ = (Index("ix_code_commit_paths_path", "path_id", "commit_id"), {"sqlite_with_rowid": False})

    commit_id: int = Field(sa_column=_id())
    path_id: int = Field(sa_column=_id())
    added: int
    removed: int


class CodeTest(Memory, table=True):
    """A test that was seen to run."""

    __tablename__ = "code_tests"
    __table_args__ = (Index("ix_code_tests_name", "repo_id", "name", unique=True),)

    id: int = Field(sa_column=_id())
    repo_id: int
    name: str = Field(sa_column=_text())
    """pytest's id, without parameters."""


class CodeTestCover(Memory, table=True):
    """A test entered a function when it ran last."""

    __tablename__ = "code_test_covers"
    __table_args__ = (Index("ix_code_test_covers_symbol", "symbol_id"), {"sqlite_with_rowid": False})

    test_id: int = Field(sa_column=_id())
    symbol_id: int = Field(sa_column=_id())


class CodeIndexRun(Memory, table=True):
    """One run of `reindex-codebase` and what came of it."""

    __tablename__ = "code_index_runs"
    __table_args__ = (Index("ix_code_index_runs_location", "location", "recorded_at"),)

    id: int | None = Field(default=None, primary_key=True)
    location: str = Field(sa_column=_text())
    run_id: str = ""
    status: str
    recorded_at: float
    result: str = Field(sa_column=_text())
    """`contracts.IndexRun` as JSON."""
