"""Reading single environment variables, with what people really paste into them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from worker.errors import Problem
from worker.provider.account import Secret

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: Endpoint paths, and halves of them, that people paste behind the API root.
ENDPOINTS = (
    "/text/chatcompletion_v2", "/text/chatcompletion_pro", "/text/chatcompletion", "/text",
    "/chat/completions", "/chat",
    "/anthropic/v1/messages", "/anthropic/v1", "/anthropic", "/responses", "/models",
)  # fmt: skip


class Reader:
    """Reads variables one by one and collects problems and warnings instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def problem(self, name: str, message: str, remedy: str) -> None:
        """Note that a variable cannot be used as it is."""
        self.problems.append(Problem(name, message, remedy))

    def text(self, name: str) -> str | None:
        """Return a variable without surrounding and invisible characters; None if unset or empty."""
        raw = self.environ.get(name, "")
        clean = visible(raw)
        if clean != raw:
            self.warnings.append(f"{name} had stray or invisible spaces, which were removed")
        return clean or None

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Return one of the choices."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in choices:
            self.problem(name, f"{value!r} is unknown", f"use one of {', '.join(choices)}")
            return default
        return value.lower()

    def number(self, name: str) -> float | None:
        """Return a number above zero, or None if unset."""
        value = self.text(name)
        if value is None:
            return None
        try:
            number = float(value.replace("_", ""))
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            self.problem(name, f"{value!r} is not a number above zero", "give digits only, as 500, or unset it")
            return None
        return number

    def whole(self, name: str) -> int | None:
        """Return a whole number above zero, or None if unset."""
        number = self.number(name)
        if number is not None and number != int(number):
            self.problem(name, f"{number} is not a whole number", "give digits only, as 20")
            return None
        return None if number is None else int(number)

    def confided(self, name: str) -> str | None:
        """Return a variable that holds a password, or what is in the file that `<name>_FILE` names. Never echoes it."""
        raw, origin = self._raw(name, "it")
        clean = visible(raw)
        if clean != raw:
            self.warnings.append(f"{origin} had stray or invisible spaces, which were removed")
        return clean or None

    def key(self, name: str) -> Secret | None:
        """Return the API key from the variable, or from the file that `<name>_FILE` names. Never echoes it."""
        return self._clean_key(*self._raw(name, "the key"))

    def _raw(self, name: str, what: str) -> tuple[str, str]:
        """Return a variable or the content of its file, and which of them it was."""
        raw, origin = self.environ.get(name, ""), name
        file = self.environ.get(f"{name}_FILE", "")
        if raw and file:
            self.problem(name, f"is set, and {name}_FILE too", "set only one of them")
        elif file:
            origin = f"{name}_FILE"
            try:
                raw = Path(file).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, ValueError, RuntimeError) as exc:  # no text, NUL in the path, a ~ of nobody
                self.problem(
                    origin, f"{file!r} cannot be read: {type(exc).__name__}", "check the path and its permissions"
                )
                return "", origin
            if not visible(raw):
                self.problem(origin, f"{file!r} is empty", f"write {what} into it, and nothing else")
        return raw, origin

    def _clean_key(self, raw: str, origin: str) -> Secret | None:
        key = visible(raw)
        if key != raw:
            self.warnings.append(f"{origin} had stray or invisible spaces, which were removed")
        if key[:1] in {'"', "'"} and key[-1:] == key[:1]:
            key = key[1:-1]
            self.warnings.append(f"{origin} stood in quotes, which were removed")
        if key.lower().startswith("bearer "):
            key = key[len("bearer ") :].strip()
            self.warnings.append(f"{origin} began with 'Bearer', which was removed: give the key alone")
        if any(not "!" <= character <= "~" for character in key):
            self.problem(origin, "has spaces or characters inside that no key has", "copy the key again, in one piece")
            return None
        return Secret(key) if key else None

    def api_root(self, name: str, default: str) -> str:
        """Return the API root without a trailing slash, as `https://api.minimax.io/v1`."""
        value = (self.text(name) or default).rstrip("/")
        try:
            parts = urlsplit(value)
            host, _port = parts.hostname or "", parts.port
        except ValueError:  # not repeated: it may hold a password all the same
            self.problem(name, "is not a URL", f"set the API root, as {default}")
            return default
        path = parts.path.rstrip("/")
        endpoint = next((tail for tail in ENDPOINTS if path.endswith(tail)), "")
        right = f"{parts.scheme}://{parts.netloc}{path.removesuffix(endpoint) or '/v1'}"
        if parts.username or parts.password:
            self.problem(name, "holds a user or password", f"set the API root alone, as {default}")
        elif parts.scheme not in {"http", "https"} or not host:
            self.problem(name, f"{value!r} is not an http(s) URL", f"set the API root, as {default}")
        elif parts.scheme == "http" and host not in LOOPBACK:
            self.problem(name, f"{value!r} would send the key in the clear", f"use https, as https://{parts.netloc}/v1")
        elif host.startswith("platform.minimax"):
            api = right.replace("://platform.", "://api.")
            self.problem(name, f"{value!r} is the console's address, not the API's", f"set the API root: {api}")
        elif parts.query or parts.fragment:
            # GroupId belongs to v1's calls, which add it themselves; anything else may be a key.
            self.problem(name, "holds a query", f"set the API root alone: {right}; GroupId goes into MINIMAX_GROUP_ID")
        elif endpoint:
            self.problem(name, f"{value!r} holds an endpoint path", f"set the API root: {right}")
        elif not path:
            self.warnings.append(f"{name} had no path; {right} is used")
            return right
        else:
            return value
        return default


def visible(text: str) -> str:
    """Return the text without surrounding whitespace and without invisible characters anywhere."""
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = (character for character in text if unicodedata.category(character) not in {"Cf", "Cc"})
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in kept).strip()
