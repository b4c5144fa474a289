"""Filters of a line's text: blocked words, links, emotes, shouting.

Pure functions. Words are compared without case, accents and invisible characters (`fold`).
"""

import re
import unicodedata
from functools import lru_cache

# The stand-in for an AI model detects upper case and repeated characters.
_SHOUT_CAPITALS_MIN = 10
_SHOUT_SHARE = 0.8
# Texts, which `re` compiles with the first line that needs them.
_STRETCHED = r"(\S)\1{14}"
_STRETCHED_MIN = 15

# A sieve remembers this many texts of at most this length, some 200 KiB.
_REMEMBERED_MAX = 1_000
_REMEMBERED_CHARACTERS_MAX = 100

_TLDS = (
    "com|net|org|io|dev|tv|gg|co|me|app|ai|live|info|xyz|link|shop|site|online|store|ru|uk|de|fr"
)
_SCHEME = r"(?i:[a-z][a-z0-9+.-]*://\S)"
# The pattern begins with the dot, which is quick to search for.
_DOMAIN = rf"(?i:\.(?:(?<=[\w-]\.)(?:{_TLDS})\b|(?<=\bwww\.)\S))"
_NAMED_EMOTE = r":[\w+-]+:"
# Joiners, variation selectors, skin tones and tags belong to the emoji before them (UTS 51, 1.4).
_EMOJI_GLUE = "[\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"


def fold(text: str) -> str:
    """Remove case, accents, extra spaces and invisible characters: `Crème` becomes `creme`."""
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text)
        text = "".join(part for part in parts if unicodedata.category(part) not in {"Mn", "Cf"})
    return " ".join(text.casefold().split())


def has_blocked_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether the text contains one of `words` as a whole word."""
    pattern = _pattern(words)
    return pattern is not None and pattern.search(fold(text)) is not None


def has_link(text: str) -> bool:
    """Whether the text contains a link: `https://x`, `www.x`, `example.com/x`."""
    if "://" in text and re.search(_SCHEME, text):
        return True
    return "." in text and re.search(_DOMAIN, text) is not None


def is_emotes_only(text: str) -> bool:
    """Whether the text consists of emoji and `:named:` emotes only."""
    plain = re.sub(_EMOJI_GLUE, "", re.sub(_KEYCAP, "", re.sub(_NAMED_EMOTE, "", text)))
    return all(char.isspace() or unicodedata.category(char) == "So" for char in plain)


def looks_rude(text: str) -> bool:
    """Whether `ai_moderation` holds the text: for shouting or stretched words. No model is used."""
    # Most lines have few capitals, and this comparison is cheaper than counting.
    capitals = 0 if text.islower() else sum(map(str.isupper, text))
    if capitals >= _SHOUT_CAPITALS_MIN and capitals > _SHOUT_SHARE * sum(map(str.isalpha, text)):
        return True
    return len(text) >= _STRETCHED_MIN and re.search(_STRETCHED, text) is not None


class Sieve:
    """The filters of a room, applied to each viewer's line by itself.

    Results are cached, because many viewers say the same texts.
    """

    def __init__(
        self, are_links_held: bool, blocked_words: tuple[str, ...], is_ai_moderated: bool
    ) -> None:
        self._are_links_held = are_links_held
        self._blocked_words = blocked_words
        self._is_ai_moderated = is_ai_moderated
        self._verdicts: dict[str, str | None] = {}

    def reason(self, text: str) -> str | None:
        """Return why the line is held; None if it is not."""
        verdict = self._verdicts.get(text, "")
        if verdict != "":
            return verdict
        verdict = self._judge(text)
        if len(text) <= _REMEMBERED_CHARACTERS_MAX:
            if len(self._verdicts) >= _REMEMBERED_MAX:
                self._verdicts.clear()
            self._verdicts[text] = verdict
        return verdict

    def _judge(self, text: str) -> str | None:
        if self._are_links_held and has_link(text):
            return "Links are not allowed in this chat"
        if self._blocked_words and has_blocked_word(text, self._blocked_words):
            return "Your message has a word in it that is blocked in this chat"
        if self._is_ai_moderated and looks_rude(text):
            return "Your message looks like shouting"
        return None


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    folded = sorted({fold(word) for word in words} - {""})
    if not folded:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, folded))})(?!\w)")
