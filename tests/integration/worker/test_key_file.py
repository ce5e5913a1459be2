"""The key, and URLs with passwords, in files, as container secrets are."""

from __future__ import annotations

import pytest

from worker.configuration.broker import broker_url
from worker.configuration.environment import Reader
from worker.errors import ConfigurationError
from worker.settings import load


def test_a_key_is_read_from_its_file_with_or_without_a_final_newline(tmp_path):
    """Editors and `echo` end a file with a newline; that is no reason for a warning."""
    for content in ("sk-api-abc", "sk-api-abc\n", "sk-api-abc\r\n"):
        (tmp_path / "key").write_text(content)
        reader = Reader({"X_FILE": str(tmp_path / "key")})
        key = reader.key("X")
        assert key is not None
        assert key.reveal() == "sk-api-abc"
        assert (reader.problems, reader.warnings) == ([], [])


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xef\xbb\xbf\n", b"\xff\xfe\x00"])
def test_a_key_file_without_a_readable_key_is_a_problem_that_names_the_variable(tmp_path, content):
    """Missing, empty, invisible or not text."""
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    reader = Reader({"X_FILE": str(tmp_path / "key")})
    assert reader.key("X") is None
    assert [problem.field for problem in reader.problems] == ["X_FILE"]


def test_urls_and_passwords_are_read_from_files_too(tmp_path):
    """As the key: settings and Celery see what is in them, and the environment holds no password."""
    urls = {
        "DATABASE": "postgresql://mmq:word-1@db/mmq",
        "REDIS": "redis://:word-2@cache/0",
        "BROKER": "amqp://u:word-3@r//",
    }
    environ = {}
    for name, url in urls.items():
        (tmp_path / name).write_text(f"{url}\n")
        environ[f"MMQ_{name}_URL_FILE"] = str(tmp_path / name)
    settings = load(environ)
    assert settings.database_url == urls["DATABASE"]
    assert settings.redis_url == urls["REDIS"]
    assert not settings.embedded_redis
    assert settings.broker_url == broker_url(environ) == urls["BROKER"]
    del environ["MMQ_BROKER_URL_FILE"]
    assert load(environ).broker_url == broker_url(environ) == urls["REDIS"]
    assert settings.warnings == ()
    assert "word-" not in repr(settings)


@pytest.mark.parametrize("name", ["MMQ_DATABASE_URL", "MMQ_REDIS_URL", "MMQ_BROKER_URL"])
def test_a_url_that_is_set_twice_or_in_no_file_is_told(tmp_path, name):
    """By its name and without its password; nothing else is used instead."""
    twice = {name: "redis://:planted@a", f"{name}_FILE": str(tmp_path / "missing")}
    for environ in (twice, {f"{name}_FILE": str(tmp_path / "missing")}):
        with pytest.raises(ConfigurationError, match=name) as raised:
            load(environ)
        assert "planted" not in str(raised.value)
        if name != "MMQ_DATABASE_URL":
            with pytest.raises(ConfigurationError, match=name):
                broker_url(environ)
