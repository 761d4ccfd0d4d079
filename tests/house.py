"""The house in numbers: rooms, floors, arrows, cycles, imports inside functions, share of `Any`.

    python tests/house.py [PACKAGE ...]

prints a column for each package. A room is a folder of the package or of its `core`, with all below it, and
each file that lies loose in the package is a room of its own. The loose files of `core` are two rooms:
the ground, which imports none of core's folders, and the door, which does. An arrow means that one room
imports another; a room stands one floor above the highest room that it imports. Lazy names are no imports.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import resolve_name
from pathlib import Path

Graph = dict[str, set[str]]


@dataclass(frozen=True)
class Import:
    """One imported name, in full.

    Attributes:
        name: as `spicewidgets.core.config.SpiceConfig`, with leading dots resolved.
        inside: whether the statement stands inside a function.
        for_types: whether only a type checker reads it.
    """

    name: str
    inside: bool
    for_types: bool


def imports(path: Path, package: Path) -> Iterator[Import]:
    """All that a file of the package imports, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = set(_nodes(tree, _checks_types))
    inside = set(_nodes(tree, lambda node: isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)))
    for node in ast.walk(tree):
        where = {"inside": node in inside, "for_types": node in for_types}
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, **where) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _source(node, path, package)
            yield from (Import(f"{source}.{alias.name}", **where) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "later":
            yield Import(_later(node, path, package), **where)


def _checks_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _nodes(tree: ast.AST, chosen: Callable[[ast.AST], bool]) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if chosen(node):
            for statement in node.body:
                yield from ast.walk(statement)


def _source(node: ast.ImportFrom, path: Path, package: Path) -> str:
    """The module that a `from` statement names."""
    if not node.level:
        return node.module or ""
    folders = (package.name, *path.relative_to(package).parts[:-1])
    return ".".join([*folders[: len(folders) - node.level + 1], *([node.module] if node.module else [])])


def _later(call: ast.Call, path: Path, package: Path) -> str:
    """The module that `later("..core.estimator", __package__)` names."""
    name = ast.literal_eval(call.args[0])
    return resolve_name(name, ".".join((package.name, *path.relative_to(package).parts[:-1])))


def cycles(graph: Graph) -> list[list[str]]:
    """Groups of nodes that reach each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[-len(group) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(groups)


def floors(graph: Graph) -> dict[str, int]:
    """How high each node lies above the lowest; the nodes of a cycle lie on one floor."""
    same = {node: group[0] for group in cycles(graph) for node in group}
    height: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in height:
            members = [node for node in graph if same.get(node, node) == name]
            below = {same.get(other, other) for node in members for other in graph[node]} - {name}
            height[name] = 1 + max(map(of, below), default=0)
        return height[name]

    return {node: of(same.get(node, node)) for node in graph}


class House:
    """A package, read from its files.

    Attributes:
        package: its folder.
        files: its Python files, relative to that.
        imports: of each file.
    """

    def __init__(self, package: Path) -> None:
        self.package = package
        self.files = sorted(path.relative_to(package) for path in package.rglob("*.py"))
        self.imports = {file: list(imports(package / file, package)) for file in self.files}
        modules = {file.with_suffix("").as_posix().removesuffix("/__init__"): file for file in self.files}
        self._modules = {
            f"{package.name}/{module}".replace("/", "."): file for module, file in modules.items()
        }
        self._modules[package.name] = Path("__init__.py")

    def graph(self, for_types: bool = False) -> Graph:
        """Which file imports which; `for_types` adds what only a type checker reads."""
        return {
            file.as_posix(): {
                other.as_posix()
                for each in self.imports[file]
                if (for_types or not each.for_types) and (other := self._file(each.name)) not in (None, file)
            }
            for file in self.files
        }

    def _file(self, name: str) -> Path | None:
        """The file that holds a name of the package."""
        while name and name not in self._modules:
            name = name.rpartition(".")[0]
        return self._modules.get(name)

    @cached_property
    def rooms(self) -> Graph:
        """The rooms, each with the files in it."""
        return group(self._room(file) for file in self.files if file != Path("__init__.py"))

    def _room(self, file: Path) -> tuple[str, str]:
        *folders, _ = file.parts
        if not folders:
            return file.stem, file.as_posix()
        name = "/".join(folders[: 2 if folders[0] == "core" else 1])
        if name == "core":
            name += " (door)" if self._imports_folders(file) else " (ground)"
        return name, file.as_posix()

    def _imports_folders(self, file: Path) -> bool:
        """Whether a file of `core` imports one of core's folders, directly or not."""
        graph, reached, ahead = self.graph(), set(), [file.as_posix()]
        while ahead:
            if (name := ahead.pop()) not in reached:
                reached.add(name)
                ahead += graph[name]
        return any(name.count("/") > 1 for name in reached)

    @cached_property
    def arrows(self) -> Graph:
        """Which room imports which."""
        room = {file: name for name, files in self.rooms.items() for file in files}
        graph = self.graph()
        return {
            name: {room[other] for file in files for other in graph[file] if other in room} - {name}
            for name, files in self.rooms.items()
        }

    def inside(self) -> list[str]:
        """The files that import inside a function, once for each name, and each module loaded by a call."""
        imported = [file.as_posix() for file in self.files for each in self.imports[file] if each.inside]
        return imported + [
            file.as_posix()
            for file in self.files
            for node in ast.walk(ast.parse((self.package / file).read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"load", "import_module"}
        ]

    def any_share(self, under: str = "", results: bool = True) -> float:
        """The share of `Any` among the annotations of arguments, and of results if they count, too."""
        annotations = [
            annotation
            for file in self.files
            if file.as_posix().startswith(under)
            for node in ast.walk(ast.parse((self.package / file).read_text(encoding="utf-8")))
            if isinstance(node, ast.arg) or (results and isinstance(node, ast.FunctionDef))
            if (annotation := node.annotation if isinstance(node, ast.arg) else node.returns)
        ]
        return sum(ast.unparse(each) == "Any" for each in annotations) / max(1, len(annotations))

    def lines(self) -> int:
        """Lines of all files."""
        return sum(len((self.package / file).read_text(encoding="utf-8").splitlines()) for file in self.files)

    def numbers(self) -> dict[str, str]:
        """What is worth a row in a table."""
        heights, sources = floors(self.arrows), self.graph()
        return {
            "rooms": f"{len(self.rooms)}",
            "floors": f"{max(heights.values())}",
            "arrows between rooms": f"{sum(map(len, self.arrows.values()))}",
            "rooms in cycles": f"{sum(map(len, cycles(self.arrows)))}",
            "files": f"{len(self.files)}",
            "files in cycles": f"{sum(map(len, cycles(sources)))}",
            "files in cycles, imports for types counted": f"{sum(map(len, cycles(self.graph(True))))}",
            "imports inside functions": f"{len(self.inside())}",
            "`Any` among annotations": f"{self.any_share():.1%}",
            "`Any` among arguments of panels": f"{self.any_share('panels/', results=False):.1%}",
            "lines": f"{self.lines()}",
        }


def group(pairs: Iterable[tuple[str, str]]) -> Graph:
    """Values by key."""
    groups: Graph = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups


def main(packages: list[Path]) -> None:
    """Print the numbers side by side, and the rooms of the last package floor by floor."""
    houses = [House(package) for package in packages]
    columns = [house.numbers() for house in houses]
    print("| |" + "|".join(f" {package} " for package in packages) + "|")
    print("|---|" + "---:|" * len(packages))
    for row in columns[0]:
        print(f"| {row} |" + "|".join(f" {column[row]} " for column in columns) + "|")
    arrows = houses[-1].arrows
    heights = floors(arrows)
    print("\n| floor | room | imports |\n|---:|---|---|")
    for room in sorted(arrows, key=lambda room: (-heights[room], room)):
        print(f"| {heights[room]} | {room} | {', '.join(sorted(arrows[room]))} |")
    for what, graph in {"rooms": arrows, "files": houses[-1].graph()}.items():
        for group_of in cycles(graph):
            print(f"\nA cycle of {what}: {', '.join(group_of)}")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [Path(__file__).parents[1] / "spicewidgets"])
