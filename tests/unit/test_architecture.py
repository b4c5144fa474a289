"""The arrows of ARCHITECTURE.md, checked by reading all imports."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "emulator"

# The layers from which a module may import, in addition to its own. A layer is the first folder or
# file of a module's name below `emulator`.
BELOW = {
    "core": set[str](),
    "machine": {"core"},
    "world": {"core"},
    # Objects as public JSON: of a world and the addresses for the reader, never of the platform.
    "shapes": {"core", "world"},
    "seeding": {"core", "machine", "world"},
    "chat_delivery": {"core", "world"},
    "webhooks": {"core", "world", "shapes"},
    "media": {"core", "world"},
    "scenario": {"core", "world", "chat_delivery", "media"},
    # Worlds and the services of each. Services in `web` are not imported: `services` lists them.
    "platform": {"core", "world", "shapes", "seeding", "media", "scenario"},
    "web": {
        *("core", "world", "shapes", "seeding", "chat_delivery", "webhooks", "media", "scenario"),
        "platform",
    },
    # The config classes of all parts. A part does not know the source of its values.
    "settings": {
        "core",
        "machine",
        "world",
        "chat_delivery",
        "webhooks",
        "media",
        "platform",
        "web",
    },
    "services": {"core", "settings", "webhooks", "media", "platform", "web"},
    "ready": {"core", "settings", "machine", "shapes", "web"},
}
# Leaves: the version, a single HTTP request, and differences of operating systems.
LEAVES = {
    "version": set[str](),
    "http_client": set[str](),
    "busy_files": set[str](),
    "process_group": set[str](),
}
BELOW = {layer: {*LEAVES, *below} for layer, below in BELOW.items()} | LEAVES
# Jobs over an executor, independent of their content.
BELOW["parallel"] = {*LEAVES, "core", "machine"}
BELOW["schemas"] = {*LEAVES, "world", "seeding", "scenario", "settings"}
BELOW["server"] = {*BELOW}
BELOW["sweep"] = {*LEAVES, "core", "parallel", "scenario", "platform", "settings", "server"}
BELOW["exploration"] = {*BELOW}
BELOW["cli"] = {*BELOW}
BELOW["testing"] = {*BELOW} - {"cli"}
BELOW["pytest_plugin"] = {*BELOW} - {"cli"}
# The package's front door, and the two modules that open it.
FRONT = {"__init__", "__main__"}

# The world, its JSON and the layers below are values and rules: no socket, file or thread.
PURE = {"core", "world", "shapes"}
IO_MODULES = {
    "asyncio",
    "concurrent",
    "http",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "urllib",
}
IO_ALLOWED = {
    "emulator/core/clock.py": {"asyncio"},
    "emulator/core/world_clock.py": {"asyncio"},
    "emulator/core/idle.py": {"asyncio"},
    "emulator/shapes/addresses.py": {"urllib"},
}
# The scripts of the schema are files of the package; `importlib.resources` is 4 ms of a start.
WORLD_STORE_ALLOWED = {"pathlib", "sqlite3"}

# Libraries that a start must not import: they are imported inside the functions that need them.
HEAVY = {"aioquic", "av", "aiortc", "cryptography", "hypercorn", "jwt", "segno"}

# Files that are imported late, and so may import these libraries at their top.
HEAVY_HOMES = {
    "emulator/web/servers/hypercorn_repairs.py": {"aioquic", "hypercorn"},
    "emulator/web/servers/hypercorn_server.py": {"hypercorn"},
}

# Time and chance are passed in: only `core` may call these (pyproject.toml bans the calls).
CLOCK_AND_CHANCE = {"random", "secrets"}


class Import(NamedTuple):
    """`module` imports `target` in `line`; `is_late` inside a function or for types only."""

    path: Path
    line: int
    target: str
    is_late: bool

    @property
    def where(self) -> str:
        return f"{self.path.relative_to(PROJECT)}:{self.line} imports {self.target}"

    @property
    def root(self) -> str:
        return self.target.partition(".")[0]

    @property
    def layer(self) -> str:
        return layer_of(self.path)


def layer_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def is_for_types(node: ast.AST) -> bool:
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Name):
        return False
    return node.test.id == "TYPE_CHECKING"


def imports_in(path: Path) -> Iterator[Import]:
    def walk(node: ast.AST, is_late: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(path, child.lineno, alias.name, is_late)
            elif isinstance(child, ast.ImportFrom):
                for alias in child.names:
                    yield Import(path, child.lineno, f"{child.module}.{alias.name}", is_late)
            else:
                late = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
                yield from walk(child, is_late or late or is_for_types(child))

    yield from walk(trees()[path], False)


def sources(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.py") if "__pycache__" not in path.parts)


@cache
def trees() -> dict[Path, ast.Module]:
    """The syntax tree of each module of the package."""
    return {path: ast.parse(path.read_text("utf-8")) for path in sources(PACKAGE)}


@cache
def imports() -> list[Import]:
    """All imports of the package, read by the first test that needs them, not at collection."""
    return [found for path in trees() for found in imports_in(path)]


def test_architecture_every_file_belongs_to_a_layer() -> None:
    unknown = {layer_of(path) for path in sources(PACKAGE)} - set(BELOW) - FRONT

    assert not unknown, f"{unknown}: add the allowed imports to BELOW"


def test_architecture_imports_point_down_only() -> None:
    wrong = []
    for imported in imports():
        if imported.root != "emulator" or imported.layer in FRONT:
            continue
        names = imported.target.split(".")
        target = names[1] if len(names) > 1 else ""
        if target and target not in {imported.layer, *BELOW[imported.layer]}:
            wrong.append(imported.where)

    assert not wrong, "\n".join(wrong)


def test_architecture_chat_delivery_and_media_are_independent() -> None:
    siblings = {"chat_delivery", "webhooks", "media"}

    assert all(not siblings & BELOW[layer] for layer in siblings)


def test_architecture_imports_have_no_rings() -> None:
    """Neither in imports at load, nor with imports for types and late ones."""
    names = {module_name(path) for path in sources(PACKAGE)}
    arrows: dict[str, set[str]] = {name: set() for name in names}
    for arrow in imports():
        source = module_name(arrow.path)
        target = arrow.target if arrow.target in names else arrow.target.rpartition(".")[0]
        if target in names - {source}:
            arrows[source].add(target)

    rings = rings_of(arrows)

    assert not rings, "\n".join(" <-> ".join(ring) for ring in rings)


def rings_of(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Each ring that is left after those before it are cut."""
    sorter = TopologicalSorter(arrows)
    try:
        sorter.prepare()
    except CycleError as cycle:
        ring: list[str] = cycle.args[1]
        # One at a time: without its first arrow the next one shows.
        return [ring, *rings_of({**arrows, ring[1]: arrows[ring[1]] - {ring[0]}})]
    return []


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_architecture_core_and_world_do_no_io() -> None:
    wrong = []
    for imported in imports():
        name = str(imported.path.relative_to(PROJECT))
        allowed = IO_ALLOWED.get(name, set())
        if name.startswith("emulator/world/store/"):
            allowed = WORLD_STORE_ALLOWED
        if imported.layer in PURE and imported.root in IO_MODULES - allowed:
            wrong.append(imported.where)

    assert not wrong, "\n".join(wrong)


def test_architecture_sqlite_is_used_by_the_world_store_alone() -> None:
    wrong = [
        imported.where
        for imported in imports()
        if imported.root == "sqlite3" and "world/store" not in imported.path.as_posix()
    ]

    assert not wrong, "\n".join(wrong)


def test_architecture_heavy_libraries_are_imported_late() -> None:
    homes = {name.removesuffix(".py").replace("/", "."): name for name in HEAVY_HOMES}
    wrong = []
    for imported in imports():
        where = str(imported.path.relative_to(PROJECT))
        is_heavy = imported.root in HEAVY - HEAVY_HOMES.get(where, set())
        is_home = any(imported.target.startswith(f"{home}.") for home in homes)
        if (is_heavy or (is_home and where not in HEAVY_HOMES)) and not imported.is_late:
            wrong.append(imported.where)

    assert not wrong, "\n".join(wrong)


def test_architecture_random_is_used_in_core_alone() -> None:
    wrong = [
        imported.where
        for imported in imports()
        if imported.root in CLOCK_AND_CHANCE
        and str(imported.path.relative_to(PACKAGE)) != "core/ids.py"
    ]

    assert not wrong, "\n".join(wrong)


def test_architecture_every_module_has_a_docstring_in_its_first_line() -> None:
    silent = [
        str(path.relative_to(PROJECT))
        for path, tree in trees().items()
        if tree.body and not (ast.get_docstring(tree) or "").strip()
    ]

    assert not silent


def test_architecture_no_module_has_a_vague_name() -> None:
    empty_words = {"utils", "helpers", "manager", "handler", "base", "data", "info", "common"}

    assert not [path for path in sources(PACKAGE) if path.stem in empty_words]
