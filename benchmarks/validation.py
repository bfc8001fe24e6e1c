"""How many candidates a second the warm process judges: `python benchmarks/validation.py [--jobs 2] [--rounds 3]`.

The subject is a small function with a quick test, in a repository made for the purpose; its whole candidate space is
judged against the failing test, in the best sandbox of this machine.
"""

import argparse
import itertools
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from grace.contracts import RedTest
from grace.generation.repair.candidates import CandidateSpace
from grace.generation.repair.session import warm_session
from grace.generation.repair.source import Source
from grace.verification.interpreter import find_interpreter
from grace.verification.sandbox import best_runner

SUBJECT = '''def clamp_all(values, low, high):
    """Values kept between two bounds, None left out."""
    kept = []
    for value in values:
        if value is None:
            continue
        if value < low:
            value = low
        elif value >= high:
            value = low
        kept.append(value)
    return kept
'''
TESTS = """from subject import clamp_all


def test_above():
    assert clamp_all([1, None, 9], 2, 5) == [2, 5]


def test_within():
    assert clamp_all([3, 4], 2, 5) == [3, 4]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "subject.py").write_text(SUBJECT)
        (root / "test_subject.py").write_text(TESTS)
        subprocess.run(["git", "init", "-q", folder], check=True)
        interpreter, runner = find_interpreter(root, None), best_runner()
        source = Source("subject.py", SUBJECT)
        scores = {("subject.py", n): 1.0 for n in range(1, 13)}
        red = RedTest(test_id="test_subject.py::test_above", outcome="failed")
        with warm_session(root, interpreter=interpreter, runner=runner, arguments=[]) as session:
            rates = []
            for _ in range(arguments.rounds):
                space = CandidateSpace({"subject.py": source}, scores, red)
                made = list(itertools.islice((c for c in space if c.unit.function), arguments.most))
                order = {"test": session.tests.index(red.test_id), "seconds": 0.03, "jobs": arguments.jobs}
                began = time.monotonic()
                answers = list(
                    session.order(
                        "try", units=space.new_units(), candidates=[[c.number, [c.edits()]] for c in made],
                        direct=True, light=True, isolated=False, **order,
                    )
                )  # fmt: skip
                rates.append(len(answers) / (time.monotonic() - began))
    print(f"sandbox {runner.isolation}, {arguments.jobs} processes, {len(made)} candidates, {arguments.rounds} rounds")
    print(f"candidates per second: median {statistics.median(rates):.0f}, best {max(rates):.0f}")


if __name__ == "__main__":
    main()
