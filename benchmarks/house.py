"""`python -m benchmarks house`: how large the code is, how its functions are named, and how many files a call passes.

Everything but the last three rows is read from the source. A file counts as passed when a function of it runs during a
call that was made once before, so that imports, caches and whatever is made once do not count.
"""

from __future__ import annotations

import ast
import datetime as dt
import io
import sys
import tempfile
import threading
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import NamedTuple

HEAD = ["| what | now | goal |", "|---|---|---|"]

_PACKAGE = Path(__file__).parents[1] / "src" / "provider_advisor"
_SHORT = 40
_TEAMS, _TIMES = 500, 200  # three blocks
_MARKS = ("noqa", "type:", "fmt:", "pragma", "pylint", "ruff:")

# First words that make a name an instruction, or a question with yes or no.
_VERBS = frozenset(
    """
    accept add adjust admit advance aggregate align allocate allow annotate answer append apply arrange ask assemble
    assert assign attach await balance become begin bind bring build calculate call can cancel cast catch center chain
    change check choose clean clear clip close collect combine compare compile complain complete compose compute
    concatenate confirm connect consume contain convert copy correct cover create cross cut deal decide declare decode
    decompress deduplicate defer define delete deliver depend derive describe detect determine differ discard dismiss
    dispatch divide do draw drop emit enable encode end enforce ensure enter enumerate erase escape estimate evaluate
    examine exclude execute exercise expand expect explain extend extract fail fetch fill filter find finish fire fit
    flatten flush fold follow forbid forget format free gather generate get give go group guard guess handle has hold
    hide highlight hurry identify ignore implies import include increase infer initialize insert inspect install
    intersect interpret interrupt introduce is iterate join judge keep kill land launch lay learn leave lift limit link
    load locate look lookup loop lower make map mark match may mean meet memoize mention merge migrate minimize mix
    move multiply must narrow need needs normalize note notice notify number obey observe offer omit open pack pad
    paint parse partition pass patch pause pick place plan play plot pop populate possess predict prefer prepare
    present print process produce promise prompt propose prove provide prune publish pull push put quote raise rank
    read rebuild recall receive recommend record recover redirect reduce refine refuse register reject rejudge release
    relate reload remember remove rename render repair repeat replace replay reply report require rerun resend reset
    resolve respond restart restore restrict resume retrieve return reverse rewrite round run sample save say scale
    scan score search see select send separate serialize serve set settle shape share shift show shrink shut sign
    signal simplify simulate skip slice smooth solve sort spell split spread stack start state stay step stop store
    stream strip submit subtract suggest sum summarize support suspect swap switch sync synchronize take tell test tidy
    touch trace track transform translate transpose traverse treat trim trip truncate try turn undo unescape unify
    union unpack unquote update upgrade use validate verify visit wait walk warm warn watch weigh widen wipe wire work
    wrap write yield
    """.split()
)
# Verbs that are nouns as well: they count where an object follows, as in `order_rows`, and not alone or before `of`.
_NOUNS_TOO = frozenset(
    """
    aggregate answer balance call can cast chain change check claim clip cover cross cut deal draw drop end estimate
    exercise fall filter fit fold format group guard guess handle hold judge join lay leave lift limit link list look
    loop map mark match mean mention mix move name need needs note notice number offer open order pack pad paint part
    partition pass patch pause pick place plan play plot present process produce promise prompt prune push quote rank
    record release repeat replay reply report require return reverse round run sample say scale score search see set
    shape share shift show sign signal slice sort spread stack start state stay step stop store stream strip sum
    support suspect switch take test touch trace track transform trim trip try turn union update use visit wait walk
    watch work wrap yield
    """.split()
)
_LINKING = frozenset("of in at by for on with from as to after before per".split())
# Nouns far more often than verbs in this code: only with an object behind them do they say what to do.
_OBJECT_VERBS = frozenset("list name order count claim question index table cache price cost total label page".split())


class Module(NamedTuple):
    """One file of the package: its dotted name, its text, and the text parsed."""

    name: str
    path: Path
    text: str
    tree: ast.Module


def name_modules(package: Path = _PACKAGE) -> dict[str, Path]:
    """Return the files of a package by the dotted names of their modules; a package stands for its `__init__.py`."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def read_modules(package: Path = _PACKAGE) -> dict[str, Module]:
    """Return all modules of a package by their dotted names."""
    texts = {name: (path, path.read_text(encoding="utf-8")) for name, path in name_modules(package).items()}
    return {name: Module(name, path, text, ast.parse(text)) for name, (path, text) in texts.items()}


def find_imports(module: Module, modules: Mapping[str, Module]) -> Iterator[tuple[str, bool]]:
    """Yield each module of the project that a module imports, and whether it does so as soon as it is imported itself.

    `from package import name` imports the module `package.name` where there is one, else `package`. What stands under
    `if TYPE_CHECKING` never runs, but a reader follows it too.
    """
    for node, at_once in _run_nodes(module.tree, at_once=True):
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_once) for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in modules else str(node.module)), at_once


def _run_nodes(tree: ast.AST, *, at_once: bool) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.expr):  # most of all nodes, and none holds an import
            continue
        yield node, at_once
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        inside |= isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        yield from _run_nodes(node, at_once=at_once and not inside)


def find_circles(modules: Mapping[str, Module]) -> list[list[str]]:
    """Return the groups of modules that import each other; imports inside functions, and for types alone, count."""
    return list_circles({name: {to for to, _ in find_imports(module, modules)} for name, module in modules.items()})


def list_circles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the groups of nodes of a graph that can be reached from each other, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    circles: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        waiting.append(node)
        for to in sorted(edges.get(node, ())):
            if to not in order:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in waiting:
                low[node] = min(low[node], order[to])
        if low[node] == order[node]:
            members = waiting[waiting.index(node) :]
            del waiting[waiting.index(node) :]
            if len(members) > 1 or node in edges.get(node, ()):
                circles.append(sorted(members))

    for node in edges:
        if node not in order:
            visit(node)
    return sorted(circles)


def find_class_names(modules: Mapping[str, Module]) -> dict[str, list[str]]:
    """Return for each name of a class the modules that define one; leading underscores do not count."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, module in modules.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                found[node.name.lstrip("_")].append(name)
    return dict(found)


def _begins_with_verb(name: str) -> bool:
    first, _, rest = name.strip("_").partition("_")
    following = rest.partition("_")[0]
    if first in _OBJECT_VERBS or first in _NOUNS_TOO:
        return bool(following) and following not in _LINKING
    return first in _VERBS and following != "of"


def _find_functions(modules: Iterable[Module]) -> Iterator[str]:
    """Yield the names of all functions and methods, but those that Python itself calls (`__len__`)."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
                yield node.name


def _count_comments(text: str) -> int:
    """Count the lines that carry a comment, marks for linters and type checkers apart."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = (token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT)
    return sum(not comment.startswith(_MARKS) for comment in comments)


def count_files(call: Callable[[], object]) -> int:
    """Return of how many files of the package a function runs during the second of two calls."""
    call()
    passed = _Passed()
    sys.setprofile(passed)
    try:
        call()
    finally:
        sys.setprofile(None)
    return len(passed.files)


def count_files_of_a_block(call: Callable[[], object]) -> int:
    """Return the same for the last task that a pool of threads does during a call: there a block is read and scored."""
    passed = _Passed()
    threading.setprofile(passed)
    try:
        call()
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]  # None ends it
    return len(passed.files)


class _Passed:
    """A profiler that collects the files of the package whose functions run, separately for each task of a pool."""

    def __init__(self) -> None:
        self._of_thread = threading.local()
        self.files: set[str] = set()

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note a call; called by Python itself."""
        code = frame.f_code
        if event == "call" and code.co_qualname == "_WorkItem.run":
            self._of_thread.files = self.files = set()
        elif event == "call" and code.co_filename.startswith(str(_PACKAGE)):
            self._here().add(code.co_filename)

    def _here(self) -> set[str]:
        """Return where the files of the present thread are collected."""
        if not hasattr(self._of_thread, "files"):
            main = threading.current_thread() is threading.main_thread()
            self._of_thread.files = self.files if main else set()
        return self._of_thread.files


def _make_recommend(*needs: str) -> Callable[[], object]:
    """Return a call for one answer of the command, as text."""
    from provider_advisor.faces.cli.recommend import recommend_command  # noqa: PLC0415 (what only this row needs)

    arguments = ["--needs", *needs, "--wants", "fax:could,number-countries>=90", "--as-of", "2022-12-31"]
    return lambda: recommend_command.main(list(arguments), prog_name="recommend", standalone_mode=False)


def _make_step() -> Callable[[], object]:
    """Return a call for one step of a questionnaire: the first screen answered, and the next screen chosen."""
    from provider_advisor import load  # noqa: PLC0415
    from provider_advisor.knowledge import facts_as_of  # noqa: PLC0415
    from provider_advisor.questionnaire import (  # noqa: PLC0415
        Catalogue,
        Screen,
        State,
        answer_screen,
        choose_screen,
        survey_answers,
    )

    catalogue = Catalogue(facts_as_of(load(), dt.date(2022, 12, 31), None))
    survey_answers(State(catalogue))  # works out the facts
    topics = [tuple(catalogue.subjects)[:2], tuple(catalogue.subjects)[1:3]]  # not twice the same: that is remembered

    def call() -> None:
        start = State(catalogue)
        screen = choose_screen(start)
        if isinstance(screen, Screen):
            choose_screen(answer_screen(start, screen, {screen.keys[0]: topics.pop()}))

    return call


def _make_batch(folder: str) -> Callable[[], object]:
    """Return a call for a whole batch of some blocks of CSV; the last repeats what the first said."""
    from benchmarks import teams  # noqa: PLC0415
    from provider_advisor.faces.cli.recommend import recommend_command  # noqa: PLC0415

    source = Path(folder, "teams.csv")
    teams.write(source, _TEAMS, clean=True)
    header, _, lines = source.read_text(encoding="utf-8").partition("\n")
    source.write_text(f"{header}\n{lines * _TIMES}", encoding="utf-8")
    arguments = ["batch", str(source), str(source.with_suffix(".parquet")), "--threads", "1", "--as-of", "2022-12-31"]
    return lambda: recommend_command.main(arguments, prog_name="recommend", standalone_mode=False)


def measure_house(modules: Mapping[str, Module] | None = None) -> list[str]:
    """Return the rows of the table; whoever has read the modules gives them."""
    modules = modules or read_modules()
    lines = {name: len(module.text.splitlines()) for name, module in modules.items()}
    total = sum(lines.values())
    names = list(_find_functions(modules.values()))
    verbs = sum(map(_begins_with_verb, names))
    comments = sum(_count_comments(module.text) for module in modules.values())
    twice = sorted(name for name, homes in find_class_names(modules).items() if len(homes) > 1)
    circles = find_circles(modules)
    made = [
        ("files", f"{len(modules)}", "about 165"),
        ("lines", f"{total:,}", "24,600 at most"),
        (
            f"files under {_SHORT} lines",
            f"{sum(count < _SHORT for count in lines.values())}",
            "few, each with a reason",
        ),
        ("functions that begin with a verb", f"{verbs / len(names):.1%} of {len(names):,}", "40 % at least"),
        ("lines with a comment", f"{comments / total:.1%}", "about 3 %"),
        ("class names that appear twice", _list(twice), "none but those argued in tests/test_house.py"),
        ("circles of imports", _list(" - ".join(circle) for circle in circles), "none"),
    ]
    made += [(what, f"{count}", f"{goal} at most") for what, count, goal in _count_passed()]
    return [f"| {' | '.join(row)} |" for row in made]


def _count_passed() -> Iterator[tuple[str, int, int]]:
    """Yield what is called, how many files it passes, and the goal; what the calls print is dropped."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        found = [
            # Nobody meets both needs, whatever is unknown. With one need, unknown facts could still turn the answer.
            ("files passed by one `recommend`", count_files(_make_recommend("whiteboard,ucaas")), 32),
            ("the same where facts are to be confirmed", count_files(_make_recommend("sms")), 32),
            ("files passed by one step of `ask`", count_files(_make_step()), 18),
            ("files passed by one block of a batch", count_files_of_a_block(_make_batch(folder)), 20),
        ]
    yield from found


def _list(words: Iterable[str]) -> str:
    found = list(words)
    return f"{len(found)}: {', '.join(found)}" if found else "0"
