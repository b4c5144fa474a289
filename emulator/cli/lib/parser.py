"""Parser: a command's arguments. A mistyped flag, verb or choice is refused in one sentence, with
the nearest known word. The value of a flag may begin with a dash.
"""

import argparse
import difflib
import itertools
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from emulator.cli.lib.colour import paint
from emulator.cli.lib.failure import Failed


class Parser(argparse.ArgumentParser):
    """Parses a command's arguments, and those of each of its verbs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)
        # No flag is a number, so `-1s` is a value, as `-1` is: its type says what is wrong with it.
        self._negative_number_matcher = re.compile(r"-\.?\d")
        self._typed: list[str] = []
        self.add_argument(
            "--no-color",
            action="store_true",
            default=argparse.SUPPRESS,
            help="print without colour, as NO_COLOR does",
        )

    def share_examples(self, examples: str) -> None:
        """Show each verb's examples, of those of the command, in the help of the verb."""
        verbs = self._verbs()
        for parser in verbs.choices.values() if verbs else ():
            own = [line for line in examples.splitlines() if f"{parser.prog} " in f"{line} "]
            parser.epilog = "\n".join(("examples:", *own)) if own else None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._typed = self._join_dashed_values(args or ())
        return super().parse_known_args(self._typed, namespace)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments. Raises `Failed` with exit code 2 for an invalid one."""
        parsed, rest = self.parse_known_args(args, namespace)
        if rest:
            self._chosen(parsed)._refuse(rest)
        return parsed

    def print_help(self, file: Any = None) -> None:
        """Print the help, with bold headings on a terminal."""
        out = file or sys.stdout
        heading = re.compile(r"^(?=\S)[^\n]*:$|^usage:", re.MULTILINE)
        out.write(heading.sub(lambda match: paint(match[0], "bold", out=out), self.format_help()))

    def error(self, message: str) -> NoReturn:
        """Raise `Failed`. An unknown flag is reported first: it is often the cause of `message`."""
        typed = self._typed
        if "--" in typed:
            typed = typed[: typed.index("--")]
        if self._verbs() is not None:
            # After the verb, flags belong to the verb.
            typed = list(itertools.takewhile(lambda word: word.startswith("-"), typed))
        unknown = [word for word in typed if self._is_unknown_flag(word)]
        if unknown:
            self._refuse(unknown)
        message = message.removeprefix("argument ")
        message = message.replace("the following arguments are required:", "missing:")
        message = message.replace("expected one argument", "its value is missing")
        verbs = self._verbs()
        if verbs is not None and message.startswith("missing:"):
            message = f"missing: one of {', '.join(verbs.choices)}"
        self._fail(message)

    def _join_dashed_values(self, typed: Iterable[str]) -> list[str]:
        """Write `--flag -value` as `--flag=-value`, and `-f -value` as `-f-value`.

        As with getopt, the word after a flag that takes a value is that value; argparse would look
        for a flag `-value`. A word with two dashes stays apart: it is rather a mistyped flag.
        """
        # These actions take all words after the first one that is not a flag.
        ends_early = any(
            action.nargs in (argparse.REMAINDER, argparse.PARSER) for action in self._actions
        )
        joined: list[str] = []
        words = iter(typed)
        for word in words:
            joined.append(word)
            if word == "--" or (ends_early and not word.startswith("-")):
                break
            action = self._option_string_actions.get(word)
            if action is None or action.nargs is not None:
                continue
            for value in itertools.islice(words, 1):
                if re.match("-[^-]", value) and value not in self._option_string_actions:
                    joined[-1] += f"={value}" if word.startswith("--") else value
                else:
                    joined.append(value)
        return joined + list(words)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(choice) for choice in action.choices]
        kind = f"there is no verb {value!r}"
        if not isinstance(action, argparse._SubParsersAction):
            kind = f"{_name(action)}: {value!r} is not one of {', '.join(names)}"
        self._fail(kind, near=nearest(str(value), names))

    def _verbs(self) -> "argparse._SubParsersAction[Parser] | None":
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                return action
        return None

    def _chosen(self, parsed: argparse.Namespace) -> "Parser":
        """The parser of the chosen verb; this parser if there are no verbs."""
        verbs = self._verbs()
        if verbs is None:
            return self
        return verbs.choices[getattr(parsed, verbs.dest)]._chosen(parsed)

    def _is_unknown_flag(self, word: str) -> bool:
        flag = word.partition("=")[0]
        if len(flag) < 2 or flag[0] != "-" or " " in flag or flag.lstrip("-")[:1].isdigit():
            return False
        known = self._option_string_actions
        is_short = flag[1] != "-" and flag[:2] in known
        return flag not in known and not is_short

    def _refuse(self, words: Sequence[str]) -> NoReturn:
        """Report the arguments that were not read: the first flag, or the first extra word."""
        for word in words:
            if self._is_unknown_flag(word):
                flag = word.partition("=")[0]
                message = f"there is no flag {flag}"
                if word[1] != "-" and self._takes_words():
                    message += f"; to give it as a value, write -- before it: -- {word}"
                self._fail(message, near=nearest(flag, self._flags()))
        self._fail(f"{words[0]!r} is one argument too many")

    def _takes_words(self) -> bool:
        """Whether there is an argument without a flag that takes any word."""
        return any(
            not action.option_strings and action.choices is None and action.nargs != "..."
            for action in self._actions
        )

    def _flags(self) -> list[str]:
        return [
            flag
            for flag, action in self._option_string_actions.items()
            if action.help != argparse.SUPPRESS and flag.startswith("--")
        ]

    def _fail(self, message: str, near: str | None = None) -> NoReturn:
        hint = f"Did you mean {near}?" if near else f"See `{self.prog} --help`."
        raise Failed(f"{message}. {hint}", 2)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that was probably meant; None if none is near."""
    # Compared without dashes, which would make all flags similar to each other.
    names = {name.lstrip("-"): name for name in words}
    bare = word.lstrip("-")
    # The same letters in another order are a typing error.
    near = [name for name in names if name != bare and sorted(name) == sorted(bare)]
    if not near:
        near = difflib.get_close_matches(bare, names, n=1, cutoff=0.65)
    if not near:
        near = [name for name in names if name.startswith(bare) or bare in name.split("-")]
    return names[near[0]] if near else None


def _name(action: argparse.Action) -> str:
    return "/".join(action.option_strings) or str(action.metavar or action.dest)
