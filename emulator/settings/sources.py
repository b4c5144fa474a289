"""Where settings come from: defaults < the settings file < the environment < flags.

Each source is strict: an unknown name is refused with the nearest right one, and every refusal says
where the wrong value stands.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.settings.fields import DECLARED, Declared, Settings, WrongSetting
from emulator.settings.kinds import File, Folder

if TYPE_CHECKING:
    import argparse

    import yaml

_PREFIX = "LIVE_EMULATOR_"
_FILE_VARIABLE = "LIVE_EMULATOR_SETTINGS"
_FILE_BYTES_MAX = 1_000_000
# Variables that `exec` and the clients' commands know; they say where a server is, not how one is.
_CLIENT_VARIABLES = {
    f"{_PREFIX}{name}"
    for name in ("URL", "WS_URL", "RTMP_URL", "RTMPS_URL", "CA", "API_KEY", "ADMIN_URL", "SETTINGS")
}
_BY_KEY = {declared.key: declared for declared in DECLARED}
_BY_VARIABLE = {declared.variable: declared for declared in DECLARED}


def add_flags(parser: "argparse.ArgumentParser", only: Collection[str] = ()) -> None:
    """Give `parser` a flag for each setting that has one (of those in `only`), and `--settings`."""
    import argparse

    group = parser.add_argument_group(
        "settings", "Each is also a variable LIVE_EMULATOR_<FLAG> and a line of the settings file."
    )
    group.add_argument("--settings", metavar="FILE", help="YAML file with settings")
    defaults = Settings()
    for declared in DECLARED:
        if not declared.is_flag or (only and declared.key not in only):
            continue
        shown = declared.kind.show(getattr(defaults, declared.attribute))
        text = f"{declared.help} (default: {shown})".replace("%", "%%")
        if declared.kind.metavar == "true|false":
            group.add_argument(
                declared.flag,
                dest=declared.attribute,
                action=argparse.BooleanOptionalAction,
                default=argparse.SUPPRESS,
                help=text,
            )
        else:
            group.add_argument(
                declared.flag,
                dest=declared.attribute,
                metavar=declared.kind.metavar,
                default=argparse.SUPPRESS,
                help=text,
            )


def gather(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """One `Settings` out of all sources. `flags` is `vars()` of what `add_flags` parsed.

    Refuses (`WrongSetting`) with `file:line`, the variable's or the flag's name in front.
    """
    file = flags.get("settings") or environment.get(_FILE_VARIABLE)
    values: dict[str, Any] = {}
    if file:
        values.update(_from_file(Path(file)))
    values.update(_from_environment(environment))
    values.update(_from_flags(flags))
    return Settings(**values)


def _from_flags(flags: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for declared in DECLARED:
        if declared.is_flag and declared.attribute in flags:
            value = flags[declared.attribute]
            read = _read(declared, value, declared.flag) if isinstance(value, str) else value
            yield declared.attribute, read


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for variable, text in environment.items():
        if not variable.startswith(_PREFIX) or not text:
            continue
        declared = _BY_VARIABLE.get(variable)
        if declared:
            yield declared.attribute, _read(declared, text, variable)
        elif variable not in _CLIENT_VARIABLES:
            # Only a likely slip is refused: the prefix may also name a variable of somebody else's.
            near = _nearest(variable.removeprefix(_PREFIX).lower(), _BY_KEY)
            if near:
                right = _BY_KEY[near].variable
                raise WrongSetting(f"{variable} is not a setting. Did you mean {right}?")


def _from_file(path: Path) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for key_node, value_node in _lines_of(path):
        key, line = str(key_node.value), key_node.start_mark.line + 1
        where = f"{path}:{line}"
        declared = _BY_KEY.get(key)
        if declared is None:
            near = _nearest(key.replace("-", "_"), _BY_KEY)
            hint = f" Did you mean {near}?" if near else " See `live-emulator serve --help`."
            raise WrongSetting(f"{where}: {key} is not a setting.{hint}")
        if key in seen:
            raise WrongSetting(f"{where}: {key} was set before, in line {seen[key]}.")
        seen[key] = line
        text = _scalar(value_node, f"{where}: {key}")
        yield declared.attribute, _beside(path, declared, _read(declared, text, f"{where}: {key}"))


def _lines_of(path: Path) -> "list[tuple[yaml.Node, yaml.Node]]":
    """The file's top-level pairs, as nodes: they still know their line, and text is still text."""
    import yaml

    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise WrongSetting(f"{path} is too large for a settings file.")
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except OSError as failure:
        raise WrongSetting(f"{path} cannot be read: {failure.strerror}.") from None
    except UnicodeDecodeError:
        raise WrongSetting(f"{path} is not a text file in UTF-8.") from None
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(failure, "problem", None) or "unreadable"
        raise WrongSetting(f"{where}: this is not YAML: {problem}.") from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise WrongSetting(f"{path}:1: expected lines such as `port: 8787`.")
    pairs: list[tuple[yaml.Node, yaml.Node]] = root.value
    return pairs


def _scalar(node: "yaml.Node", where: str) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        raise WrongSetting(f"{where} takes one value, not a list or a table.")
    return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _beside(file: Path, declared: Declared, value: Any) -> Any:
    """A path in a settings file is meant relative to that file, wherever the command is run."""
    if isinstance(declared.kind, File) and value is not None:
        return file.parent / value
    if isinstance(declared.kind, Folder) and value and value not in declared.kind.words:
        return str(file.parent / value)
    return value


def _read(declared: Declared, text: str, where: str) -> Any:
    try:
        value = declared.kind.parse(text)
        declared.kind.check(value)
    except ValueError as refusal:
        raise WrongSetting(f"{where}: {refusal}.") from None
    return value


def _nearest(word: str, words: Mapping[str, object]) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(word, words, n=1, cutoff=0.75)), None)
