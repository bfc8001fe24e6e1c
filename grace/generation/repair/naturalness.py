"""How much a changed line reads like the rest of the repository: a token trigram with back-off
(Hindle et al., "On the naturalness of software", ICSE 2012)."""

import io
import math
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator

from grace.generation.repair.candidates import Candidate
from grace.generation.repair.source import Source

MOST_TOKENS = 300_000
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


class Naturalness:
    """Trigram counts over the sources of a repository."""

    def __init__(self, texts: Iterable[str]):
        self._counts: tuple[Counter[tuple[str, ...]], ...] = (Counter(), Counter(), Counter())
        total = 0
        for text in texts:
            tokens = list(_tokens(text))
            total += len(tokens)
            for n in (1, 2, 3):
                self._counts[n - 1].update(zip(*(tokens[k:] for k in range(n)), strict=False))
            if total > MOST_TOKENS:
                break
        self._total = max(1, total)

    def surprise(self, source: Source, candidate: Candidate) -> float:
        """Bits per token that the changed lines gain over the lines they replace; 0 when they read as naturally."""
        first = min(s.start for s in candidate.splices)
        last = max(s.end for s in candidate.splices)
        start = source.text.rfind("\n", 0, first) + 1
        end = source.text.find("\n", last)
        end = len(source.text) if end < 0 else end
        grown = sum(len(s.text) - (s.end - s.start) for s in candidate.splices)
        return self.gained(source.text[start:end], candidate.applied(source.text)[start : end + grown])

    def gained(self, before: str, after: str) -> float:
        """Bits per token that lines gain over the lines they replace, a quarter of it, from -2 to 2."""
        return max(-2.0, min(2.0, (self._bits(after) - self._bits(before)) / 4))

    def _bits(self, text: str) -> float:
        tokens = list(_tokens(text))
        if not tokens:
            return 0.0
        context = ("", "", *tokens)
        return sum(self._cost(context[k : k + 3]) for k in range(len(tokens))) / len(tokens)

    def _cost(self, gram: tuple[str, ...]) -> float:
        """Stupid back-off (Brants et al., 2007) with factor 0.4, in bits."""
        factor = 1.0
        for n in (3, 2):
            seen, context = self._counts[n - 1][gram[-n:]], self._counts[n - 2][gram[-n:-1]]
            if seen and context:
                return -math.log2(factor * seen / context)
            factor *= 0.4
        return -math.log2(factor * (self._counts[0][gram[-1:]] + 0.5) / (self._total + 1))


def _tokens(text: str) -> Iterator[str]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in _LAYOUT:
                yield token.string if token.type != tokenize.STRING else '""'
    except (tokenize.TokenError, SyntaxError):
        return
