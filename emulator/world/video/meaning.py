"""Meaning: the subject of a text as weighted stems. A deterministic stand-in: no model is used.

The similarity of two texts is the cosine of their weights. Words for the same thing share a stem by
the table of synonyms, so `js` finds `JavaScript`.
"""

import re
import unicodedata
from collections import Counter
from math import sqrt

# A tag says most about the subject of a video, a title nearly as much.
TITLE_WEIGHT, DESCRIPTION_WEIGHT, TAG_WEIGHT = 3, 1, 4
STEMS_MAX = 500

_WORD = re.compile(r"[^\W_]+")
_SYNONYMS = {
    "js": "javascript",
    "ecmascript": "javascript",
    "ts": "typescript",
    "py": "python",
    "rs": "rust",
    "golang": "go",
    "k8s": "kubernetes",
    "postgres": "postgresql",
    "db": "database",
    "sql": "database",
    "ml": "ai",
    "llm": "ai",
    "gpt": "ai",
    "model": "ai",
    "agent": "ai",
    "intelligence": "ai",
    "container": "docker",
    "ci": "devops",
    "cd": "devops",
    "deploy": "devops",
    "pipeline": "devops",
    "blockchain": "web3",
    "crypto": "web3",
    "solidity": "web3",
    "contract": "web3",
    "frontend": "web",
    "browser": "web",
    "website": "web",
    "film": "video",
    "movie": "video",
    "clip": "video",
    "recording": "video",
    "tutorial": "guide",
    "lesson": "guide",
    "course": "guide",
    "howto": "guide",
    "intro": "guide",
    "beginner": "guide",
    "fast": "speed",
    "performance": "speed",
    "quick": "speed",
    "latency": "speed",
    "bug": "debug",
    "fix": "debug",
    "error": "debug",
}
_IDLE_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "how", "i", "in", "into"),
        *("is", "it", "its", "me", "my", "of", "on", "or", "our", "so", "that", "the", "this"),
        *("to", "up", "us", "was", "we", "what", "with", "you", "your"),
    )
)
_ENDINGS = ("ization", "ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "er")
_STEM_MIN = 3


def stems(text: str, weight: int = 1) -> Counter[str]:
    """Return the stems of a text, each with its count times `weight`."""
    counter: Counter[str] = Counter()
    for word in _WORD.findall(_folded(text)):
        if word not in _IDLE_WORDS:
            stem = _stem(word)
            counter[_BY_STEM.get(stem, stem)] += weight
    return counter


def of(title: str, description: str | None, tags: tuple[str, ...]) -> Counter[str]:
    """Return the subject of a video: its `STEMS_MAX` stems with the highest weights."""
    counter = stems(title, TITLE_WEIGHT)
    counter.update(stems(description or "", DESCRIPTION_WEIGHT))
    for tag in tags:
        counter.update(stems(tag, TAG_WEIGHT))
    return Counter(dict(counter.most_common(STEMS_MAX)))


def norm(weights: Counter[str]) -> float:
    """Return the length of the weights as a vector; 0 for no weights."""
    return sqrt(sum(weight * weight for weight in weights.values()))


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def _stem(word: str) -> str:
    """Remove a word's ending if at least `_STEM_MIN` letters remain."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_MIN:
            return word.removesuffix(ending)
    return word


# Texts are compared by stems, so the table is by stems too.
_BY_STEM = {_stem(word): _stem(meaning) for word, meaning in _SYNONYMS.items()}
