"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "worker", "tasks", "mmq")
LONGEST, USUAL = 300, 100  # lines
BUILT = {".py", ".lua", ".sh", ".toml", ".md", ".yml", ".yaml", ""}


def files(*suffixes: str) -> list[Path]:
    """The project's own files with these suffixes, also those that are not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    paths = sorted({ROOT / line for line in listing})
    return [path for path in paths if path.suffix in suffixes and path.is_file() and not path.is_symlink()]


def code() -> list[Path]:
    """The Python files of the packages."""
    return [path for path in files(".py") if path.relative_to(ROOT).parts[0] in PACKAGES]


def shown(paths: list[Path]) -> list[str]:
    """Paths as one would type them."""
    return [str(path.relative_to(ROOT)) for path in paths]


def lines(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text().splitlines())


def test_no_file_is_longer_than_one_sitting() -> None:
    """No file passes 300 lines, and most of the packages' files stay under 100."""
    assert shown([path for path in files(".py", ".lua", ".sh", ".yml") if lines(path) > LONGEST]) == []
    assert statistics.median(lines(path) for path in code() if path.name != "__init__.py") < USUAL


@pytest.mark.parametrize(
    "word",
    ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", r"\.\./shar" + "ed", "/wo" + "rk/", "type: igno" + r"re$"],
)
def test_no_file_holds(word: str) -> None:
    """What is to be done is not written into files, nor where they were written, nor an unexplained exception."""
    pattern = re.compile(rf"(?<![\w-]){word}(?!\w)", re.MULTILINE)
    assert shown([path for path in files(*BUILT) if pattern.search(path.read_text())]) == []


def test_packages_begin_empty() -> None:
    """An `__init__.py` holds nothing, but for mmq's, whose `__all__` is the public API."""
    full = [path for path in files(".py") if path.name == "__init__.py" and path.read_text().strip()]
    assert shown(full) == ["mmq/__init__.py"]
    assert "__all__ = [" in full[0].read_text()


def test_names_say_what_a_file_holds() -> None:
    """No file or folder is called after nothing in particular."""
    vague = re.compile(r"(^|_)(utils?|helpers?|manager|misc|common)(_|$)|^base_")
    names = {part.removesuffix(".py") for path in files(".py") for part in path.relative_to(ROOT).parts}
    assert [name for name in sorted(names) if vague.search(name)] == []


def test_annotations_are_not_evaluated() -> None:
    """Every module that defines something postpones its annotations."""
    defining = [
        path for path in files(".py") if re.search(r"^\s*(async )?(def|class) ", path.read_text(), re.MULTILINE)
    ]
    assert shown([path for path in defining if "from __future__ import annotations\n" not in path.read_text()]) == []


def test_nothing_is_pickled() -> None:
    """JSON only: whoever can write into Redis or SQL must not be able to run code here."""
    dangerous = re.compile(r"^\s*(import|from) (pickle|marshal|shelve|dill)\b", re.MULTILINE)
    assert shown([path for path in code() if dangerous.search(path.read_text())]) == []


@pytest.mark.parametrize("path", files(".lua"), ids=lambda path: path.name)
def test_a_script_says_what_it_takes_and_gives(path: Path) -> None:
    """A Lua file begins with its purpose, its keys and arguments with their units, and what it returns."""
    header = path.read_text().split("\nlocal ", 1)[0]
    assert header.startswith("-- ")
    for part in ("KEYS[1]", "ARGV", "Returns", "tomic"):
        assert part in header


def test_there_are_scripts() -> None:
    """The test above had something to look at."""
    assert files(".lua")


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The test functions of a file."""
    nodes = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [node for node in nodes if node.name.startswith("test_")]


def test_every_test_says_what_holds() -> None:
    """Each has a docstring of one sentence or few, on one line, and is one that pytest runs."""
    silent, unrun = [], []
    for path in files(".py"):
        if path.is_relative_to(ROOT / "tests") and path.name.startswith("test_"):
            for test in functions_of(path):
                where = f"{path.relative_to(ROOT)}::{test.name}"
                silent += [where] if len((ast.get_docstring(test) or "").splitlines()) != 1 else []
                unrun += [where] if isinstance(test, ast.AsyncFunctionDef) else []
    assert silent == []
    assert unrun == []


def test_tests_wait_on_conditions_and_patch_nothing_of_ours() -> None:
    """Sleeping guesses, and a patched function is not the one that runs; `support` may wait between two looks."""
    habits = re.compile(r"\btime\.sleep\(|\bmock\.patch\b|\bfrom unittest\b|\bimport mock\b")
    paths = [path for path in files(".py") if path.name.startswith(("test_", "conftest")) and path != Path(__file__)]
    assert shown([path for path in paths if habits.search(path.read_text())]) == []


def test_make_check_runs_every_checker() -> None:
    """Lint, format, types and import contracts are one command, and CI runs it, then the tests."""
    printed = subprocess.run(["make", "-n", "check"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for command in ("ruff check .", "ruff format --check .", "mypy", "lint-imports"):
        assert command in printed
    script = (ROOT / ".ci" / "run").read_text()
    assert script.index("make check") < script.index("make test")
    assert "export CI=true" in script
