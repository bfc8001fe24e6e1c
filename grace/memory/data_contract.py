"""What must hold of an index before it goes into service, checked by Great Expectations.

The index is measured by SQL inside the transaction that wrote it; the expectations are stated over the measures and
over a sample of its patterns. Great Expectations is imported here only: that takes seconds.
"""

import ast
import textwrap
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from grace.contracts import Expectation
from grace.errors import GraceError
from grace.memory.database import Connection
from grace.settings import enter_environment

if TYPE_CHECKING:
    import pandas as pd

_SAMPLE = 2_000
_SMALLEST_SHARE = 0.5
"""An index that loses half of its symbols at once is more likely broken than the code base."""
_FEW = 200
"""Below so many symbols a code base may shrink as it likes."""


class Counts(NamedTuple):
    """The size of an index, to compare the next one with."""

    files: int
    symbols: int
    edges: int


class IndexRefused(GraceError):
    """A new index does not keep the data contract: the last good one stays in service."""

    def __init__(self, expectations: tuple[Expectation, ...]) -> None:
        self.expectations = expectations
        broken = "; ".join(f"{one.name} ({one.observed})" for one in expectations if not one.met)
        super().__init__(f"The new index breaks its data contract, and the last good one stays in service: {broken}.")


def counts(connection: Connection, repo_id: int) -> Counts | None:
    """The size of the index in service; None when there is none."""
    rows = connection.rows("SELECT files, symbols, edges FROM code_repositories WHERE id = ?", (repo_id,))
    return Counts(*rows[0]) if rows else None


def check_index(connection: Connection, repo_id: int, before: Counts | None) -> tuple[Expectation, ...]:
    """Every expectation and whether it is met. Raises IndexRefused when one is not."""
    results = (*_judge(_measures(connection, repo_id, before), _of_measures()), *_judge_patterns(connection, repo_id))
    if not all(one.met for one in results):
        raise IndexRefused(results)
    return results


_MEASURES = {
    "orphan_edges": (
        "SELECT COUNT(*) FROM code_edges e JOIN code_symbols s ON s.id = e.src LEFT JOIN code_symbols d ON d.id = e.dst"
        " WHERE s.repo_id = ? AND d.id IS NULL"
    ),
    "orphan_symbols": (
        "SELECT COUNT(*) FROM code_symbols s LEFT JOIN code_files f ON f.id = s.file_id"
        " WHERE s.repo_id = ? AND f.id IS NULL"
    ),
    "repeated_names": (
        "SELECT COUNT(*) FROM (SELECT 1 FROM code_symbols WHERE repo_id = ?"
        " GROUP BY file_id, qualname, kind, line, first_line HAVING COUNT(*) > 1) AS repeated"
    ),
    "lowest_confidence": (
        "SELECT COALESCE(MIN(confidence), 0) FROM code_edges e JOIN code_symbols s ON s.id = e.src WHERE s.repo_id = ?"
    ),
    "highest_confidence": (
        "SELECT COALESCE(MAX(confidence), 0) FROM code_edges e JOIN code_symbols s ON s.id = e.src WHERE s.repo_id = ?"
    ),
    "modules_missing": (
        "SELECT COUNT(*) FROM code_files f LEFT JOIN code_symbols s ON s.file_id = f.id AND s.parent_id = 0"
        " WHERE f.repo_id = ? AND s.id IS NULL"
    ),
    "symbols": "SELECT symbols FROM code_repositories WHERE id = ?",
}


def _measures(connection: Connection, repo_id: int, before: Counts | None) -> "pd.DataFrame":
    import pandas as pd

    measured = {name: connection.rows(query, (repo_id,))[0][0] for name, query in _MEASURES.items()}
    was = before.symbols if before else 0
    measured["symbols_kept"] = measured["symbols"] / was if was > _FEW else 1.0
    return pd.DataFrame([measured])


def _of_measures() -> dict[str, Any]:
    enter_environment({"GX_ANALYTICS_ENABLED": "false"})  # it reports on its use otherwise
    from great_expectations import expectations as gxe

    def between(column: str, least: float | None, most: float | None) -> Any:
        return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=least, max_value=most)

    return {
        "no edge leads nowhere": between("orphan_edges", 0, 0),
        "every symbol is in a file": between("orphan_symbols", 0, 0),
        "names are unique where they stand": between("repeated_names", 0, 0),
        "no edge is less than impossible": between("lowest_confidence", 0, 100),
        "no edge is more than certain": between("highest_confidence", 0, 100),
        "every file has its module": between("modules_missing", 0, 0),
        "the index did not collapse": between("symbols_kept", _SMALLEST_SHARE, None),
    }


def _judge_patterns(connection: Connection, repo_id: int) -> tuple[Expectation, ...]:
    import pandas as pd
    from great_expectations import expectations as gxe

    query = (
        "SELECT p.id, p.language, p.confidence, p.success_rate, p.times_recalled, p.code_snippet FROM code_patterns p"
        " JOIN code_symbols s ON s.id = p.id WHERE s.repo_id = ?"
    )
    columns = ["id", "language", "confidence", "success_rate", "times_recalled", "code_snippet"]
    patterns = pd.DataFrame(connection.rows(query, (repo_id,)), columns=columns)
    if patterns.empty:
        return ()
    sample = patterns.sample(min(len(patterns), _SAMPLE), random_state=0).copy()
    sample["parses"] = [_parses(*row) for row in sample[["language", "code_snippet"]].itertuples(index=False)]
    ranges = {
        "the confidence of patterns is a share": gxe.ExpectColumnValuesToBeBetween(
            column="confidence", min_value=0, max_value=1
        ),
        "the success rate of patterns is a share": gxe.ExpectColumnValuesToBeBetween(
            column="success_rate", min_value=0, max_value=1
        ),
        "recalls are counted": gxe.ExpectColumnValuesToBeBetween(column="times_recalled", min_value=0),
        "every pattern is there once": gxe.ExpectColumnValuesToBeUnique(column="id"),
    }
    parses = {"snippets parse": gxe.ExpectColumnValuesToBeInSet(column="parses", value_set=[True], mostly=0.99)}
    return (*_judge(patterns, ranges), *_judge(sample, parses))


def _parses(language: str, snippet: str) -> bool:
    if language != "python":
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the target's own dubious escapes
        try:
            ast.parse(textwrap.dedent(snippet))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _judge(frame: "pd.DataFrame", expectations: dict[str, Any]) -> tuple[Expectation, ...]:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # its documented form
    batch = context.data_sources.add_pandas("index").add_dataframe_asset("measures")
    definition = batch.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name="contract", expectations=list(expectations.values())))
    judged = definition.get_batch({"dataframe": frame}).validate(suite)
    names = {_key(expectation): name for name, expectation in expectations.items()}
    return tuple(
        Expectation(name=names[_key_of(result)], met=bool(result.success), observed=_observed(result))
        for result in judged.results
    )


def _key(expectation: Any) -> tuple[str, str]:
    return expectation.expectation_type, expectation.column


def _key_of(result: Any) -> tuple[str, str]:
    return result.expectation_config.type, result.expectation_config.kwargs["column"]


def _observed(result: Any) -> str:
    if result.exception_info.get("raised_exception"):
        return f"could not be checked: {result.exception_info.get('exception_message')}"
    found = result.result
    unexpected = found.get("unexpected_count") or 0
    values = ", ".join(str(value) for value in (found.get("partial_unexpected_list") or ())[:3])
    return f"{unexpected} of {found.get('element_count')} not so: {values}" if unexpected else "as expected"
