"""Everything in the documentation exists: every command and flag, link and make target."""

import argparse
import itertools
import re
import shlex
from pathlib import Path

from emulator.cli import COMMANDS, module_of
from emulator.cli.lib import reference as commands_reference
from emulator.web.admin.table import OPERATIONS as ADMIN
from emulator.web.api.table import OPERATIONS
from emulator.web.openapi import reference
from tests.support.docs import PAGES, PROJECT, Shown, commands, links, unset_variables
from tests.support.tables import table

SHOWN = [shown for page in PAGES for shown in commands(page)]
# Inside sentences, where a command is shown in backquotes.
INLINE = re.compile(r"`(live-emulator [a-z][^`]*)`")


def parser_of(name: str) -> argparse.ArgumentParser:
    module = module_of(name)
    parser = argparse.ArgumentParser(exit_on_error=False)
    module.configure(parser)
    return parser


def own_commands() -> list[Shown]:
    inline = [
        Shown(page, line) for page in PAGES for line in INLINE.findall(page.read_text("utf-8"))
    ]
    return [shown for shown in [*SHOWN, *inline] if shown.line.startswith("live-emulator ")]


@table("shown", own_commands(), ids=str)
def test_docs_shown_commands_exist(shown: Shown) -> None:
    _, name, *words = shlex.split(shown.line)
    # After these, the words are the shell's.
    arguments = list(itertools.takewhile(lambda word: word not in {"|", ">", "&&"}, words))

    assert name in COMMANDS
    if arguments not in (["--help"], []):
        parser_of(name).parse_args(arguments)


@table("shown", SHOWN, ids=str)
def test_docs_shown_make_targets_exist(shown: Shown) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    words = shlex.split(shown.line)

    assert words[0] != "make" or set(words[1:]) <= targets


_INSTALLS = re.compile(
    r"\b(?:pip3?|pipx|uv|npm|pnpm|yarn) (?:tool |pip )?(?:install|add|i) ([^`\n]*)"
    r"|\b(?:uvx|npx) ([^`\n]*)"
)
# The package is on no registry: anybody could register its name there.
_BY_NAME = re.compile(r"""(?:^|\s)['"]?live-emulator(?:\[\w+\])?['"]?(?:[=<>~]|\s(?!@)|$)""")


def installs_by_name(text: str) -> list[str]:
    found = (
        match[1] or match[2].partition(" live-emulator ")[0] for match in _INSTALLS.finditer(text)
    )
    return [words for words in found if _BY_NAME.search(words)]


def test_docs_and_errors_never_install_the_package_by_its_bare_name() -> None:
    for text in ("pip install 'live-emulator[dask]'", "npm i live-emulator", "uvx live-emulator"):
        assert installs_by_name(text)
    assert not installs_by_name('pip install\n"live-emulator @ git+https://host/it"')
    assert not installs_by_name("uvx --from . live-emulator demo")

    code = [path for folder in ("emulator", "packaging") for path in (PROJECT / folder).rglob("*")]
    texts = [path for path in code if path.suffix in {".py", ".js", ".html", ".yml", ".sh"}]
    named = {path: installs_by_name(path.read_text("utf-8")) for path in [*PAGES, *texts]}
    assert {path: words for path, words in named.items() if words} == {}


@table("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_docs_links_have_a_target(page: Path) -> None:
    dead = [target for target in links(page) if not (page.parent / target).exists()]

    assert not dead


@table("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_docs_shell_blocks_use_no_variable_that_their_page_does_not_set(page: Path) -> None:
    assert unset_variables(page) == []


def test_docs_unset_variables_are_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n"
        "curl $BASE/a\n"
        "export BASE=http://127.0.0.1:8787\n"
        "curl $BASE/b -H \"Authorization: Bearer ${API_KEY}\" | jq '$own'\n"
        "```\n"
        "```sh\n"
        "echo $LIVE_EMULATOR_URL\n"
        'eval "$(live-emulator env)"\n'
        "echo $LIVE_EMULATOR_URL $HOME\n"
        "```\n"
    )

    names = [line.partition(":")[0] for line in unset_variables(page)]
    assert names == ["BASE", "API_KEY", "LIVE_EMULATOR_URL"]


def test_docs_command_line_reference_is_complete() -> None:
    pages = "".join(page.read_text("utf-8") for page in PAGES)

    untold = [name for name in COMMANDS if f"live-emulator {name}" not in pages]
    assert not untold


def test_docs_endpoints_page_matches_the_served_endpoints() -> None:
    page = PROJECT / "docs/reference/endpoints.md"

    assert page.read_text("utf-8") == reference.markdown(OPERATIONS), "run `make docs`"


def test_docs_commands_page_matches_the_commands() -> None:
    page = PROJECT / "docs/reference/commands.md"

    assert page.read_text("utf-8") == commands_reference.markdown(), "run `make docs`"


def test_docs_every_operation_has_a_sentence() -> None:
    silent = [
        f"{operation.method} {operation.path}"
        for operation in (*OPERATIONS, *ADMIN)
        if not operation.summary.endswith(".")
    ]
    assert silent == [], "end the first line of the operation's docstring with a period"


# A module or folder that a sentence about the code names by its path, such as `world/live/moves`.
NAMED_PATH = re.compile(r"`([a-z][a-z0-9_]*(?:/[a-z0-9_]+)*/?(?:\.[a-z]+)?)`")


def named_paths(text: str) -> set[str]:
    """The paths in a text that begin with a folder of the package or of the project."""
    package = PROJECT / "emulator"
    return {
        path
        for path in NAMED_PATH.findall(text)
        if "/" in path and any((root / path.split("/")[0]).is_dir() for root in (package, PROJECT))
    }


def exists(path: str) -> bool:
    """Whether it is a folder, file, module or name below the package or the project."""
    roots = (PROJECT / "emulator", PROJECT)
    modules = (f"{path}.py", f"{path.rsplit('.', 1)[0]}.py")
    return any((root / name).exists() for root in roots for name in (path, *modules))


def test_docs_architecture_names_paths_that_exist() -> None:
    missing = sorted(
        path
        for path in named_paths((PROJECT / "ARCHITECTURE.md").read_text("utf-8"))
        if not exists(path)
    )

    assert not missing


def test_docs_code_names_paths_that_exist() -> None:
    missing = {
        f"{source.relative_to(PROJECT)}: {path}"
        for source in (PROJECT / "emulator").rglob("*.py")
        for path in named_paths(source.read_text("utf-8"))
        if not exists(path)
    }

    assert not missing


def test_docs_every_decision_has_a_unique_number() -> None:
    numbers = [path.name[:4] for path in (PROJECT / "docs/decisions").glob("*.md")]

    assert sorted(numbers) == [f"{number:04}" for number in range(1, len(numbers) + 1)]
