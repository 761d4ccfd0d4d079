"""The house in numbers: its rooms and what imports what, its size, its words, and where one fact stands.

    python tests/house.py [PACKAGE ...]

prints a column for each package; the tests that are counted lie in a folder beside it. A room is a folder of
the package or of its `core`, with all below it, and each file that lies loose in the package is a room of its
own. The loose files of `core` are two rooms: the ground, which imports none of core's folders, and the door,
which does. An arrow means that one room imports another; a room stands one floor above the highest room that
it imports. Lazy names are no imports.

A bare participle is a name of one word that ends in -ed or is one of PARTICIPLES: neither verb nor noun. In
how many places a kind of thing stands is counted by an example of it, in EXAMPLES: the files that name it.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import resolve_name
from pathlib import Path

Graph = dict[str, set[str]]

PARTICIPLES = {"told", "found", "kept", "made", "said", "drawn", "shown", "gone", "held", "put"}
CLAUSES = ("What ", "How ", "Whether ", "Who ")  # a docstring that begins so names no action
EXAMPLES = {
    "a mechanism, forgetting": r"forget_rate|forgetting",
    "a rival, Pearce-Hall": r"pearce.?hall",
    "a study, falsification": r"falsif",
}


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


def imports(tree: ast.Module, path: Path, package: Path) -> Iterator[Import]:
    """Find all that a file of the package imports, wherever in it."""
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
        texts, trees: of each file.
        imports: of each file.
    """

    def __init__(self, package: Path) -> None:
        self.package = package
        self.files = sorted(path.relative_to(package) for path in package.rglob("*.py"))
        self.texts = {file: (package / file).read_text(encoding="utf-8") for file in self.files}
        self.trees = {file: ast.parse(text) for file, text in self.texts.items()}
        self.imports = {
            file: list(imports(tree, package / file, package)) for file, tree in self.trees.items()
        }
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
            for node in ast.walk(self.trees[file])
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"load", "import_module"}
        ]

    def any_share(self, under: str = "", results: bool = True) -> float:
        """The share of `Any` among the annotations of arguments, and of results if they count, too."""
        annotations = [
            annotation
            for file in self.files
            if file.as_posix().startswith(under)
            for node in ast.walk(self.trees[file])
            if isinstance(node, ast.arg) or (results and isinstance(node, ast.FunctionDef))
            if (annotation := node.annotation if isinstance(node, ast.arg) else node.returns)
        ]
        return sum(ast.unparse(each) == "Any" for each in annotations) / max(1, len(annotations))

    @cached_property
    def definitions(self) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
        """All classes and functions, those inside others included."""
        kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        return [node for tree in self.trees.values() for node in ast.walk(tree) if isinstance(node, kinds)]

    def participles(self) -> list[str]:
        """Functions named by a bare participle."""
        names = [node.name.strip("_") for node in self.definitions if not isinstance(node, ast.ClassDef)]
        return [name for name in names if "_" not in name and (name.endswith("ed") or name in PARTICIPLES)]

    def clauses(self) -> list[str]:
        """Names of the classes and functions whose docstring begins with a relative clause."""
        return [node.name for node in self.definitions if (ast.get_docstring(node) or "").startswith(CLAUSES)]

    def shared_class_names(self) -> list[str]:
        """Names that two or more classes have."""
        names = Counter(node.name for node in self.definitions if isinstance(node, ast.ClassDef))
        return [name for name, times in names.items() if times > 1]

    def used_once(self) -> list[str]:
        """Files that one other file imports, and no more."""
        times = Counter(other for others in self.graph().values() for other in others)
        return [name for name, count in times.items() if count == 1]

    def naming(self, pattern: str) -> list[str]:
        """Files that name something, in code or in words."""
        return [
            file.as_posix() for file, text in self.texts.items() if re.search(pattern, text, re.IGNORECASE)
        ]

    def lines(self) -> int:
        """Lines of all files."""
        return sum(len(text.splitlines()) for text in self.texts.values())

    def lines_of_tests(self) -> int:
        """Lines of the tests that lie beside the package."""
        files = (self.package.parent / "tests").rglob("*.py")
        return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)

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
            "lines": f"{self.lines():,}",
            "lines of tests": f"{self.lines_of_tests():,}",
            **{f"files that name {thing}": f"{len(self.naming(it))}" for thing, it in EXAMPLES.items()},
            "functions named by a bare participle": f"{len(self.participles())}",
            "docstrings that begin with What, How, Whether or Who": f"{len(self.clauses())}",
            "names that two or more classes share": f"{len(self.shared_class_names())}",
            "files imported by one other file only": f"{len(self.used_once())}",
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
