"""`completion`: a shell's completion of every command, verb, flag and choice, as a script.

The script contains all words, so that a key press does not start Python.
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from emulator.cli import COMMANDS, parser_of

NAME = "completion"
HELP = "print a shell's completion of commands, flags and choices"
EXAMPLES = """
  source <(live-emulator completion bash)
  source <(live-emulator completion zsh)
  live-emulator completion fish > ~/.config/fish/completions/live-emulator.fish
  live-emulator completion powershell | Out-String | Invoke-Expression
"""


class Words(NamedTuple):
    """The words that may follow `path`, a command and perhaps a verb.

    `values` has those of each flag that takes a value; none if they cannot be listed.
    """

    path: str
    words: list[str]
    flags: list[str]
    values: dict[str, list[str]]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(_SCRIPTS), help="shell to complete for")


def run(args: argparse.Namespace) -> int:
    print(_SCRIPTS[args.shell](list(all_words())))
    return 0


def all_words() -> Iterator[Words]:
    """The words of every command, and of each of its verbs."""
    for name in COMMANDS:
        yield from _words_of(name, parser_of(name))


def _words_of(path: str, parser: argparse.ArgumentParser) -> Iterator[Words]:
    words: list[str] = []
    flags: list[str] = []
    values: dict[str, list[str]] = {}
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        options = [option for option in action.option_strings if option.startswith("--")]
        flags += options
        names = [str(choice) for choice in action.choices or _in_metavar(action)]
        if not action.option_strings:
            words += names
        elif action.nargs != 0:
            values |= dict.fromkeys(options, names)
        if isinstance(action, argparse._SubParsersAction):
            for verb, of_verb in action.choices.items():
                yield from _words_of(f"{path} {verb}", of_verb)
    yield Words(path, words, flags, values)


def _in_metavar(action: argparse.Action) -> list[str]:
    """The words in a metavar such as `text|json`, which settings have instead of choices."""
    names = str(action.metavar or "").split("|")
    return [name for name in names if name.islower()] if len(names) > 1 else []


def _zsh(words: list[Words]) -> str:
    """The script for zsh, which can load bash's."""
    load = "autoload -U +X compinit bashcompinit && compinit && bashcompinit"
    return f"{load}\n{_bash(words)}"


def _bash(words: list[Words]) -> str:
    cases = []
    for item in words:
        cases += [
            f'    "{item.path} {flag}") words="{" ".join(names)}" ;;'
            if names
            else f'    "{item.path} {flag}") return ;;'
            for flag, names in item.values.items()
        ]
    flags = [f'    "{item.path}") words="{" ".join(item.words + item.flags)}" ;;' for item in words]
    paths = " ".join(f'"{item.path}"' for item in words if " " in item.path)
    lines = (
        "_live_emulator() {",
        '  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
        '  local path="${COMP_WORDS[1]}" words="" verb',
        "  if (( COMP_CWORD == 1 )); then",
        f'    COMPREPLY=($(compgen -W "{" ".join(COMMANDS)} --help --version" -- "$current"))',
        "    return",
        "  fi",
        f"  for verb in {paths}; do",
        '    if (( COMP_CWORD > 2 )) && [[ "$path ${COMP_WORDS[2]}" == "$verb" ]]; then',
        '      path="$verb"; break',
        "    fi",
        "  done",
        '  case "$path $before" in',
        *cases,
        "  esac",
        '  if [[ -z "$words" ]]; then',
        '    case "$path" in',
        *(f"  {line}" for line in flags),
        "    esac",
        "  fi",
        '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
        "}",
        # Files, where no word fits: seeds, scenarios, data folders.
        "complete -o bashdefault -o default -F _live_emulator live-emulator",
    )
    return "\n".join(lines)


def _fish(words: list[Words]) -> str:
    lines = [
        f"complete -c live-emulator -n __fish_use_subcommand -a {name} -d {_quoted(text)}"
        for name, text in COMMANDS.items()
    ]
    for item in words:
        command, _, verb = item.path.partition(" ")
        seen = f"__fish_seen_subcommand_from {command}"
        if verb:
            seen += f"; and __fish_seen_subcommand_from {verb}"
        at = f"complete -c live-emulator -n {_quoted(seen)}"
        lines += [f"{at} -a {_quoted(' '.join(item.words))}"] * bool(item.words)
        for flag in item.flags:
            names = item.values.get(flag)
            takes = (
                "" if names is None else f" -x -a {_quoted(' '.join(names))}" if names else " -r"
            )
            lines.append(f"{at} -l {flag[2:]}{takes}")
    return "\n".join(lines)


def _powershell(words: list[Words]) -> str:
    def table(name: str, rows: list[tuple[str, list[str]]]) -> list[str]:
        entries = (f"    '{path}' = '{' '.join(values)}'" for path, values in rows)
        return [f"  ${name} = @{{", *entries, "  }"]

    values = [
        (f"{item.path} {flag}", names) for item in words for flag, names in item.values.items()
    ]
    lines = (
        "Register-ArgumentCompleter -Native -CommandName live-emulator -ScriptBlock {",
        "  param($current, $tree, $cursor)",
        *table(
            "words",
            [("", [*COMMANDS, "--help", "--version"])]
            + [(item.path, item.words + item.flags) for item in words],
        ),
        *table("values", values),
        '  $typed = @($tree.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })',
        "  if ($current) { $typed = @($typed | Select-Object -SkipLast 1) }",
        '  $path = "$($typed | Select-Object -First 1)"',
        '  $verb = "$path $($typed | Select-Object -Skip 1 -First 1)"',
        "  if ($words.ContainsKey($verb)) { $path = $verb }",
        '  $before = "$path $($typed | Select-Object -Last 1)"',
        # A flag whose values cannot be listed: files, as without a completion.
        "  $fitting = $words[$path]",
        "  if ($values.ContainsKey($before)) { $fitting = $values[$before] }",
        "  \"$fitting\".Split(' ') | Where-Object { $_ -and $_.StartsWith($current) }",
        "}",
    )
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish, "powershell": _powershell}
