"""Where the packages come from, and what a built one holds."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "worker", "tasks", "mmq")

every_package = pytest.mark.parametrize("name", PACKAGES)


@pytest.mark.parametrize("name", [*PACKAGES, "celeryconfig", "flowerconfig"])
def test_a_module_comes_from_the_checkout_wherever_one_stands(name: str, tmp_path: Path) -> None:
    """The installation is a path to the checkout: a copy among the installed packages would be last week's."""
    script = "import importlib.util, sys; print(importlib.util.find_spec(sys.argv[1]).origin)"
    command = [sys.executable, "-c", script, name]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert Path(printed.strip()).is_relative_to(ROOT)
    assert "site-packages" not in printed


@every_package
def test_no_other_distribution_brings_a_package_of_that_name(name: str) -> None:
    """The names are common ones: a dependency that brought one, too, would be imported in its place."""
    providers = importlib.metadata.packages_distributions().get(name, [])
    assert set(providers) <= {"minimax-queue"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a wheel and a source distribution, built by hatchling without the network."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return target


def tracked(*folders: str) -> set[str]:
    """The files of these folders that belong to the project."""
    listing = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, check=True, capture_output=True, text=True)
    return {path for path in listing.stdout.splitlines() if (ROOT / path).exists()}


def test_the_wheel_holds_every_file_of_the_packages(built: Path) -> None:
    """Also those that are no Python: Lua scripts, tables, the shell that keeps child processes."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = tracked(*PACKAGES) | {"celeryconfig.py", "flowerconfig.py"}
    assert wanted <= held
    assert {Path(name).suffix for name in wanted} >= {".lua", ".toml", ".sh", ".py"}
    assert {Path(name).parts[0] for name in held} == {*PACKAGES, "celeryconfig.py", "flowerconfig.py"}


def test_the_source_distribution_holds_the_migrations_and_no_secret(built: Path) -> None:
    """It is the checkout, less what git ignores."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sources:
        held = {name.partition("/")[2] for name in sources.getnames()}
    assert tracked("migrations", "Makefile", "constraints.txt", "docker-compose.yml") <= held
    assert not any(name.startswith((".venv/", ".mmq/", ".env", "secrets/")) for name in held - {".env.example"})


def test_the_contract_needs_the_standard_library_alone() -> None:
    """A foreign producer copies `tasks/contract.py`: it runs by itself in a Python without any package."""
    script = "import runpy, sys; print(*runpy.run_path(sys.argv[1])['LANES'])"
    command = [sys.executable, "-I", "-S", "-c", script, str(ROOT / "tasks" / "contract.py")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout
    assert printed.split() == ["interactive", "default", "bulk"]


def test_every_dependency_is_pinned() -> None:
    """constraints.txt names one version of all that is installed here, so that a new machine gets the same."""
    pins = {
        line.partition("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()
    }
    own = {"minimax-queue", "pip", "setuptools", "wheel"}
    installed = {name.lower().replace("_", "-") for d in importlib.metadata.distributions() if (name := d.name)}
    assert installed - own <= pins
    assert "/" not in (ROOT / "constraints.txt").read_text()
