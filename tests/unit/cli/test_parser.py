"""Parser: a mistyped word is refused with the nearest right one."""

import argparse
from collections.abc import Iterator

import pytest

from emulator.cli import COMMANDS, Failed, main, parser_of
from emulator.cli.lib.parser import Parser
from tests.support.tables import table


def own(parser: argparse.ArgumentParser) -> Parser:
    assert isinstance(parser, Parser)
    return parser


def parsers() -> Iterator[tuple[list[str], Parser]]:
    """Every command and every verb, with the words that select it."""
    for name in COMMANDS:
        parser = own(parser_of(name))
        yield [name], parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for verb, of_verb in action.choices.items():
                    yield [name, verb], own(of_verb)


def slip(word: str) -> str:
    """The word with two neighbouring letters swapped, a frequent typing error."""
    at = next(
        at for at in range(len(word) - 2, 1, -1) if word[at].isalpha() and word[at] != word[at + 1]
    )
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def refusal(*words: str) -> str:
    with pytest.raises(Failed) as failure:
        parser_of(words[0]).parse_args(list(words[1:]))
    assert failure.value.exit_code == 2
    return failure.value.message


@table("words_and_parser", list(parsers()), ids=lambda value: " ".join(value[0]))
def test_parser_mistyped_flag_suggests_the_right_one(
    words_and_parser: tuple[list[str], Parser],
) -> None:
    words, parser = words_and_parser
    flags = [flag for flag in parser._flags() if len(flag) > 5]

    for flag in flags:
        said = refusal(*words, slip(flag))
        assert said == f"there is no flag {slip(flag)}. Did you mean {flag}?"


@table("words_and_parser", list(parsers()), ids=lambda value: " ".join(value[0]))
def test_parser_mistyped_choice_suggests_the_right_one(
    words_and_parser: tuple[list[str], Parser], capsys: pytest.CaptureFixture[str]
) -> None:
    words, parser = words_and_parser

    for action in parser._actions:
        for choice in action.choices or ():
            if len(str(choice)) > 4:
                flag = action.option_strings[:1]
                assert main([*words, *flag, slip(str(choice))]) == 2
                assert f"Did you mean {choice}?" in capsys.readouterr().err


@table(
    ("typed", "said"),
    [
        (["serve", "--http", "uvicrn"], "--http: 'uvicrn' is not one of uvicorn, hypercorn. Did"),
        (["serve", "--renditions", "720p,36p"], "Did you mean 360p?"),
        (["serve", "--recon", "3"], "Did you mean --reconnect-window?"),
        (["serve", "-port", "3"], "there is no flag -port. Did you mean --port?"),
        (["exec", "--prot", "0", "--", "npm", "test"], "Did you mean --port?"),
        (["exec"], "Which command?"),
        (["obs-profile", "--instal"], "there is no flag --instal. Did you mean --install?"),
        (["world"], "missing: one of list, new, drop, reset, export, import."),
        (["world", "new"], "missing: name. See `live-emulator world new --help`."),
        (["watch", "a", "b"], "'b' is one argument too many."),
        (["clock", "speed", "fast"], "SPEED: invalid speed 'fast'; write virtual, real or 10x."),
        (["clock", "advance", "-1s"], "duration: invalid duration '-1s'; write it like"),
        (
            ["publish", "--bitrate", "-3M"],
            "--bitrate: invalid bit rate '-3M'; write it like",
        ),
        (["serve", "--segment-seconds", "-2s"], "invalid duration '-2s'; write it like"),
        (["scenario", "run", "a", "--seed", "-x"], "--seed: invalid number '-x': write a whole"),
        (["scenario", "run", "a", "-p", "-a"], "-p/--param: '-a' is not NAME=VALUE."),
        (["publish", "--name"], "--name: its value is missing."),
        (["publish", "--file", "--lop"], "there is no flag --lop. Did you mean --loop?"),
        (
            ["watch", "-abc"],
            "there is no flag -abc; to give it as a value, write -- before it: -- -abc",
        ),
        (["publish", "--zzz"], "there is no flag --zzz. See `live-emulator publish --help`."),
    ],
)
def test_parser_refuses_in_one_sentence(
    typed: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed) == 2

    output = capsys.readouterr()
    assert said in output.err
    assert len(output.err.splitlines()) == 1
    assert not output.out


@table(
    ("typed", "name", "value"),
    [
        (["publish", "KEY", "--name", "-me"], "name", "-me"),
        (["publish", "--api-key", "-k", "KEY"], "key", "KEY"),
        (["clock", "show", "--admin-token", "-t=1"], "admin_token", "-t=1"),
        (["scenario", "run", "FILE", "-p", "-a=b"], "params", [("-a", "b")]),
        (["snapshot", "save", "-1st"], "name", "-1st"),
        (["watch", "--", "-abc"], "stream", "-abc"),
        (["exec", "--seed", "-s", "npm", "--name", "-me"], "command", ["npm", "--name", "-me"]),
    ],
)
def test_parser_a_value_may_begin_with_a_dash(typed: list[str], name: str, value: object) -> None:
    assert getattr(parser_of(typed[0]).parse_args(typed[1:]), name) == value


def test_parser_leaves_the_flags_of_a_wrapped_command_alone() -> None:
    args = parser_of("exec").parse_args(["--seed", "none", "npm", "test", "--prot"])

    assert args.command == ["npm", "test", "--prot"]


def test_parser_serve_help_groups_every_flag() -> None:
    groups = {group.title: group for group in parser_of("serve")._action_groups}

    assert {"common", "media", "network", "limits"} <= set(groups)
    shown = parser_of("serve").format_help()
    assert shown.startswith("usage: live-emulator serve [options]\n")
    assert all(flag in shown for flag in own(parser_of("serve"))._flags())


@table("words_and_parser", list(parsers()), ids=lambda value: " ".join(value[0]))
def test_parser_help_explains_every_argument_and_has_an_example(
    words_and_parser: tuple[list[str], Parser],
) -> None:
    words, parser = words_and_parser

    unexplained = [
        "/".join(action.option_strings) or str(action.dest)
        for action in parser._actions
        if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]
    assert unexplained == []
    assert f"  live-emulator {' '.join(words)}" in (parser.epilog or "")


def test_parser_exec_help_names_its_own_defaults() -> None:
    shown = " ".join(parser_of("exec").format_help().split())

    assert "(default: :memory:)" in shown
    assert "port of the API and of playback; 0 lets the system choose (default: 0)" in shown
