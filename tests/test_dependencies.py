"""What is installed: declared, described in docs/dependencies.md, and free."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mmq.schema import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PAGE = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
PACKAGES = ("models", "worker", "tasks", "mmq", "migrations")
OWN = {*PACKAGES, "celeryconfig", "flowerconfig"}
#: Imported, and not declared: Celery brings it and pins its version to its own.
COMES_WITH = {"kombu": "celery"}
FREE = re.compile(
    r"MIT|BSD|Apache|MPL|Mozilla Public|LGPL|Python Software Foundation|PSF|ISC"
    r"|Permission is hereby granted, free of charge|Redistribution and use in source and binary forms"
)


def declared(kind: str) -> dict[str, Requirement]:
    """Return the requirements that this machine needs: `run`, or `dev`."""
    lines = PROJECT["dependencies"] if kind == "run" else PROJECT["optional-dependencies"]["dev"]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in requirements}


def here(requirement: Requirement, extras: tuple[str, ...] = ("",)) -> bool:
    """Whether a requirement is one of this machine."""
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)


def licence(found: Distribution) -> str:
    """Return what a distribution says of its licence, from the most to the least exact."""
    facts = found.metadata
    classifiers = [line for line in facts.get_all("Classifier", []) if line.startswith("License ::")]
    texts = [file.read_text("utf-8") for file in found.files or [] if "licen" in file.name.lower()]
    return facts.get("License-Expression") or " ".join(classifiers) or facts.get("License") or " ".join(texts)


def closure() -> dict[str, Distribution]:
    """Return all that running needs, directly or not."""
    found: dict[str, Distribution] = {}
    waiting = [one for one in declared("run").values() if here(one)]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        distribution = found[name] = importlib.metadata.distribution(name)
        extras = ("", *requirement.extras)
        further = (Requirement(line) for line in distribution.requires or [])
        waiting += [one for one in further if here(one, extras) and canonicalize_name(one.name) not in found]
    return found


def imported() -> Iterator[tuple[str, str]]:
    """Yield `(module, file)` of every import of something that is neither Python's nor ours."""
    files = [*(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")), *ROOT.glob("*config.py")]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - OWN:
                yield top, str(path.relative_to(ROOT))


def test_what_is_imported_is_declared() -> None:
    """A package that only happens to be there is gone with the next release of whoever brought it."""
    providers = importlib.metadata.packages_distributions()
    known = declared("run")
    missing = {
        (top, file)
        for top, file in imported()
        if not known.keys() & {canonicalize_name(name) for name in providers.get(COMES_WITH.get(top, top), [])}
    }
    assert not missing


@pytest.mark.parametrize("name", sorted(closure()))
def test_all_that_runs_is_free(name: str) -> None:
    """Also what comes with what we ask for."""
    assert FREE.search(licence(importlib.metadata.distribution(name)))


@pytest.mark.parametrize("kind", ["run", "dev"])
def test_each_direct_dependency_is_described(kind: str) -> None:
    """One row each, with the licence that the distribution states, and no row for what has gone."""
    section = PAGE.partition("## To run")[2].partition("## To work on it")[0 if kind == "run" else 2]
    rows = dict(re.findall(r"^\| ([a-z][\w-]*) \| ([^|]+) \|", section, re.MULTILINE))
    rows.pop("package")
    assert rows.keys() == declared(kind).keys()
    wrong = {
        name: stated
        for name, said in rows.items()
        if here(declared(kind)[name])
        and said.split("-")[0].split()[0] not in (stated := licence(importlib.metadata.distribution(name)))
        and not (said == "BSD" and "Redistribution and use" in stated)
    }
    assert not wrong
