"""Lines: what a simulated crowd says, from built-in pools, a list or a file, with templates.

In a template, `{author}` is the author's name, `{n}` the number of the line, `{word}` a random
word.
"""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from msgspec import Struct

from emulator.core.ids import Chance

Pool = Literal["hype", "questions", "german", "emoji", "toxic", "spam", "code"]
POOLS: tuple[Pool, ...] = get_args(Pool)

_POOLS: dict[Pool, tuple[str, ...]] = {
    "hype": (
        "Let's go!",
        "This is it!",
        "So good.",
        "No way!",
        "Here we go again",
        "LET'S GOOO",
        "What a launch!",
        "I was here.",
        "Best stream this year",
        "Chat, are you seeing this?",
        "The {word} is back!",
        "Number {n} says hi",
        "GG",
        "Can't stop watching",
        "Clip that!",
        "Wow, that {word}!",
        "It works!!",
        "First try!",
        "This {word} slaps",
        "Hello from {author}",
    ),
    "questions": (
        "What font is that?",
        "Which editor is this?",
        "Does it work without a {word}?",
        "Is the code open?",
        "How long did that take?",
        "Can you show the {word} again?",
        "Why not use a {word} there?",
        "Which keyboard?",
        "Will there be a recording?",
        "How do you test that?",
        "What is that plugin?",
        "Could you zoom in, please?",
        "When is the next stream?",
        "Does that scale?",
        "Was that planned?",
    ),
    "german": (
        "Servus zusammen!",
        "Läuft bei dir.",
        "Wie geil ist das denn?",
        "Grüße aus Köln",
        "Welches Thema kommt als Nächstes?",
        "Schöner Code!",
        "Das ging schnell.",
        "Moin!",
        "Kannst du das {word} noch mal zeigen?",
        "Feierabend und gleich hier",
        "Weiter so!",
        "Ich verstehe nur Bahnhof",
        "Na endlich!",
        "Prost, Chat!",
    ),
    "emoji": (
        "🔥",
        "🔥🔥🔥",
        "🎉",
        "👏👏",
        "😂",
        "❤️",
        "🚀🚀",
        "👀",
        "💯",
        "🙌",
        "😮",
        "🤯",
        "🎉🎉🎉",
        "👍🏽",
    ),
    "toxic": (
        "this is trash",
        "worst stream ever",
        "nobody asked",
        "what a clown",
        "skill issue",
        "boring boring boring",
        "TURN IT OFF ALREADY PLEASE",
        "you call that a {word}?",
        "lame",
        "unfollowed",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
    ),
    "spam": (
        "Cheap followers at followers.example.com",
        "Free {word}, just visit www.example.net",
        "Win a phone: https://example.org/win",
        "Buy {word} now",
        "Check my channel {author}",
        "!!! FREE {n} COINS !!!",
    ),
    "code": (
        "`git push --force` they said",
        "That {word} is off by one",
        "s/tabs/spaces/",
        "Have you tried a {word}?",
        "LGTM",
        "nit: rename {word}",
        "O(n^2) strikes again",
        "It's always DNS",
        "rm -rf node_modules",
        "Where are the tests?",
        "Works on my machine",
        "Ship it!",
        "try: ... except: pass",
        "It compiles!",
        "segfault in 3, 2, 1",
    ),
}
_WORDS = (
    "parser",
    "cache",
    "cursor",
    "deploy",
    "compiler",
    "button",
    "cluster",
    "plugin",
    "terminal",
    "refactor",
    "query",
    "socket",
    "kernel",
    "robot",
    "cable",
    "theme",
    "branch",
    "lambda",
)
_LINKS = ("https://example.com/{n}", "www.example.net", "example.org/{word}")
_MEMORY = 50


class Spice(Struct, frozen=True):
    """Variations of the lines.

    `repeat`, `links` and `blocked` are the shares of lines that repeat an earlier one, that contain
    a link, and that contain one of `blocked_words`, which the room blocks.
    """

    repeat: float = 0.0
    links: float = 0.0
    blocked: float = 0.0
    blocked_words: Sequence[str] = ()


def speaker(pool: Sequence[str], spice: Spice, chance: Chance) -> Callable[[str], str]:
    """Return a function that gives the next line of the author with a given name."""
    # These are looked up only once, because a flood posts thousands of lines a second.
    draw, count = chance.random, len(pool)
    additions = _additions(spice)
    said: list[str] = []
    number = 0

    def say(author: str) -> str:
        nonlocal number
        number += 1
        if said and draw() < spice.repeat:
            return said[int(draw() * len(said))]
        line = pool[int(draw() * count)]
        for share, words in additions:
            if draw() < share:
                line = f"{line} {words[int(draw() * len(words))]}"
        if "{" in line:
            word = _WORDS[int(draw() * len(_WORDS))]
            line = line.replace("{author}", author).replace("{n}", str(number))
            line = line.replace("{word}", word)
        if spice.repeat:
            said.append(line)
            del said[:-_MEMORY]
        return line

    return say


def _additions(spice: Spice) -> list[tuple[float, Sequence[str]]]:
    """Return what may be appended to a line, each with the share of lines that get it."""
    shares: list[tuple[float, Sequence[str]]] = []
    if spice.links:
        shares.append((spice.links, _LINKS))
    if spice.blocked and spice.blocked_words:
        shares.append((spice.blocked, spice.blocked_words))
    return shares


def pool_of(name: Pool) -> tuple[str, ...]:
    return _POOLS[name]
