"""Sources of settings: defaults < the settings file < the environment < flags.

Each source is strict: an unknown name is refused with the nearest known one, and every refusal says
where the wrong value was set.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.core.errors import WrongSetting
from emulator.core.setting import Flags, Setting
from emulator.settings.fields import SETTINGS, Settings
from emulator.settings.kinds import File, Folder

if TYPE_CHECKING:
    import argparse

    import yaml

_PREFIX = "LIVE_EMULATOR_"
_FILE_VARIABLE = "LIVE_EMULATOR_SETTINGS"
_FILE_BYTES_MAX = 1_000_000
_GROUP_HELP = "Each is also a variable LIVE_EMULATOR_<FLAG> and a line of the settings file."
# Variables of `exec` and of the client commands. They say where a server is, and set nothing.
_CLIENT_VARIABLES = {
    f"{_PREFIX}{name}"
    for name in ("URL", "WS_URL", "RTMP_URL", "RTMPS_URL", "CA", "API_KEY", "ADMIN_URL", "SETTINGS")
}
_BY_KEY = {setting.key: setting for setting in SETTINGS}
_BY_VARIABLE = {setting.variable: setting for setting in SETTINGS}


def add_flags(
    parser: "argparse.ArgumentParser",
    only: Collection[str] = (),
    defaults: Settings | None = None,
) -> None:
    """Give `parser` a flag for each setting that has one (of those in `only`), and `--settings`.

    `defaults` are the settings that the help names as defaults, if not those of `serve`.
    """
    common = parser.add_argument_group("common", _GROUP_HELP)
    common.add_argument("--settings", metavar="FILE", help="YAML file with settings")
    groups: dict[Flags, argparse._ArgumentGroup] = {Flags.COMMON: common}
    defaults = defaults or Settings()
    for group in Flags:
        for setting in SETTINGS:
            if setting.group == group and (not only or setting.key in only):
                if group not in groups:
                    groups[group] = parser.add_argument_group(group.value)
                _add_flag(groups[group], setting, defaults)
    if not only:
        # Left out of the usage line, which would be a page long with all of them.
        parser.usage = "%(prog)s [options]"


def _add_flag(group: "argparse._ArgumentGroup", setting: Setting, defaults: Settings) -> None:
    import argparse

    shown = setting.kind.show(defaults.value_of(setting))
    text = f"{setting.help} (default: {shown})".replace("%", "%%")
    kind: dict[str, Any] = {"metavar": setting.kind.metavar}
    if setting.kind.metavar == "true|false":
        kind = {"action": argparse.BooleanOptionalAction}
    group.add_argument(
        setting.flag, dest=setting.name, default=argparse.SUPPRESS, help=text, **kind
    )


def gather(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Make the `Settings` from all sources. `flags` is `vars()` of the flags of `add_flags`.

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
    for setting in SETTINGS:
        if setting.group and setting.name in flags:
            value = flags[setting.name]
            read = _read(setting, value, setting.flag) if isinstance(value, str) else value
            yield setting.name, read


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for variable, text in environment.items():
        if not variable.startswith(_PREFIX) or not text:
            continue
        setting = _BY_VARIABLE.get(variable)
        if setting:
            yield setting.name, _read(setting, text, variable)
        elif variable not in _CLIENT_VARIABLES:
            # Only a likely typing error is refused: other programs may use the prefix, too.
            near = _nearest(variable.removeprefix(_PREFIX).lower(), _BY_KEY)
            if near:
                right = _BY_KEY[near].variable
                raise WrongSetting(f"{variable} is not a setting. Did you mean {right}?")


def _from_file(path: Path) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for key_node, value_node in _lines_of(path):
        key, line = str(key_node.value), key_node.start_mark.line + 1
        where = f"{path}:{line}"
        setting = _BY_KEY.get(key)
        if setting is None:
            near = _nearest(key.replace("-", "_"), _BY_KEY)
            hint = f" Did you mean {near}?" if near else " See `live-emulator serve --help`."
            raise WrongSetting(f"{where}: {key} is not a setting.{hint}")
        if key in seen:
            raise WrongSetting(f"{where}: {key} was set before, in line {seen[key]}.")
        seen[key] = line
        text = _scalar(value_node, f"{where}: {key}")
        yield setting.name, _beside(path, setting, _read(setting, text, f"{where}: {key}"))


def _lines_of(path: Path) -> "list[tuple[yaml.Node, yaml.Node]]":
    """The file's top-level pairs as YAML nodes, which have their line and the text as written."""
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


def _beside(file: Path, setting: Setting, value: Any) -> Any:
    """The value, with a relative path made relative to the settings file instead of the shell."""
    if isinstance(setting.kind, File) and value is not None:
        return file.parent / value
    if isinstance(setting.kind, Folder) and value and value not in setting.kind.words:
        return str(file.parent / value)
    return value


def _read(setting: Setting, text: str, where: str) -> Any:
    try:
        value = setting.kind.parse(text)
        setting.kind.check(value)
    except ValueError as refusal:
        raise WrongSetting(f"{where}: {refusal}.{_hint(setting, text)}") from None
    return value


def _hint(setting: Setting, text: str) -> str:
    """A hint with the word that was probably meant, for a setting that takes a few words."""
    words = dict.fromkeys(getattr(setting.kind, "words", ()))
    for word in text.split(","):
        near = None if word.strip() in words else _nearest(word.strip(), words)
        if near:
            return f" Did you mean {near}?"
    return ""


def _nearest(word: str, words: Mapping[str, object]) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(word, words, n=1, cutoff=0.7)), None)
