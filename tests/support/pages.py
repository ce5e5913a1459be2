"""Fetching a page as a browser with a login does."""

from __future__ import annotations

import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """`status` is None if nobody listened."""

    status: int | None
    text: str = ""


def page(url: str, login: str = "") -> Page:
    """Return what a server answers; `login` is `user:password`."""
    request = urllib.request.Request(url)
    if login:
        request.add_header("Authorization", f"Basic {b64encode(login.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return Page(int(response.status), response.read().decode())
    except urllib.error.HTTPError as refused:
        with refused:
            return Page(refused.code, refused.read().decode())
    except OSError:
        return Page(None)
