"""Variables and mmq.toml may hold anything: they are understood, or every problem is named and no key is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.errors import ConfigurationError
from worker.settings import VARIABLES, Settings, load

KEY = "sk-api-0123456789abcdef"
#: Without those that name files or folders of the machine that runs this.
READ = sorted(VARIABLES - {"MMQ_CONFIG", "MMQ_HOME"})
TYPICAL = [
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "nan",
    "1_000",
    "0x10",
    "v1",
    "V2",
    "https://",
    "http://[::1",
    "://",
]
DOCUMENT = """
[defaults]
rpm = 60

[[accounts]]
name = "main"
key_env = "MAIN_KEY"
api = "v2"
models = ["MiniMax-M2.7"]
limits = {"MiniMax-M2.7" = {rpm = 30}}

[[accounts]]
name = "other"
key_file = "other.key"
group_id = "1"

[lanes]
bulk_floor = 20
interactive_reserve = 0.1

[pacing]
burst_s = 0.5
"""
#: TOML's values, and some that paths, names and numbers do not expect.
VALUES = [
    "1e999",
    "nan",
    "-1",
    "true",
    "{}",
    "[[]]",
    "''",
    "1979-05-27",
    '"~no-such-user/x"',
    '"\\u0000"',
    '"v1"',
    "'MAIN_KEY'",
]
SHARDS = ["[", "]", "=", '"', "\n", *VALUES]
FIELDS = ["api", "base_url", "key_env", "key_file", "group_id", "models", "limits", "rpm", "concurrency", "key"]

# No NUL and no lone surrogate: an environment cannot hold them.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.sampled_from(
    TYPICAL
)
tried = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def loaded(environ: dict[str, str]) -> Settings | None:
    """Load the settings; None if they are refused, with problems that show no key."""
    try:
        return load(environ, key_needed=True)
    except ConfigurationError as exc:
        refused = exc
    assert refused.problems
    assert all(problem.remedy for problem in refused.problems)
    assert KEY not in f"{refused!r} {refused}"
    return None


@tried
@given(st.dictionaries(st.sampled_from(READ), texts, max_size=6))
def test_any_environment_is_understood_or_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    """Whatever stands in the variables, the key is shown nowhere."""
    found = loaded({"MINIMAX_API_KEY": KEY, "MMQ_HOME": str(tmp_path), **environ})
    assert found is None or KEY not in repr(found)


@tried
@given(
    st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES)), st.sampled_from(["[[accounts]]", "[defaults]"])
)
def test_any_value_of_any_field_is_understood_or_refused(tmp_path: Path, fields: dict[str, str], table: str) -> None:
    """Well-formed TOML, of types and texts that no field expects."""
    file = tmp_path / "mmq.toml"
    file.write_text("\n".join([table, *(f"{name} = {value}" for name, value in fields.items())]), encoding="utf-8")
    loaded({"MAIN_KEY": KEY, "MMQ_HOME": str(tmp_path), "MMQ_CONFIG": str(file)})


@tried
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(SHARDS) | texts), max_size=4))
def test_any_file_is_understood_or_refused(tmp_path: Path, changes: list[tuple[float, int, str]]) -> None:
    """A spoilt mmq.toml is one list of problems; a key that stands in it is not repeated."""
    document = DOCUMENT
    for place, length, shard in changes:
        at = int(place * len(document))
        document = document[:at] + shard + document[at + length :]
    file = tmp_path / "mmq.toml"
    file.write_text(document, encoding="utf-8")
    (tmp_path / "other.key").write_text(KEY, encoding="ascii")
    found = loaded({"MAIN_KEY": KEY, "MMQ_HOME": str(tmp_path), "MMQ_CONFIG": str(file)})
    assert found is None or KEY not in repr(found)


def test_the_document_itself_is_good(tmp_path: Path) -> None:
    """Or the spoiling would start from what is refused anyway."""
    file = tmp_path / "mmq.toml"
    file.write_text(DOCUMENT, encoding="utf-8")
    (tmp_path / "other.key").write_text(KEY, encoding="ascii")
    assert loaded({"MAIN_KEY": KEY, "MMQ_HOME": str(tmp_path), "MMQ_CONFIG": str(file)}) is not None


@pytest.mark.parametrize(
    "bytes_", [b"\xff\xfe", b"\0", b"\xef\xbb\xbf", b"a=" + b"[" * 5000, b"a=" + b"9" * 5000, b"a = 07", b"\r"]
)
def test_a_file_of_odd_bytes_is_understood_or_refused(tmp_path: Path, bytes_: bytes) -> None:
    """Not text, deeply nested, a number without end."""
    file = tmp_path / "mmq.toml"
    file.write_bytes(bytes_)
    loaded({"MINIMAX_API_KEY": KEY, "MMQ_HOME": str(tmp_path), "MMQ_CONFIG": str(file)})
