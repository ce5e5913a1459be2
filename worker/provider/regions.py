"""MiniMax's two regions: a key works only on the hosts of the one it was made in."""

from __future__ import annotations

from urllib.parse import urlsplit

_INTERNATIONAL = ("minimax.io", "minimaxi.chat")
_CHINA = ("minimaxi.com", "minimax.chat", "minimax.cn")
_INTERNATIONAL_ROOT = "https://api.minimax.io/v1"
_CHINA_ROOT = "https://api.minimaxi.com/v1"


def host_of(base_url: str) -> str:
    """Return the host's name; the whole URL where none can be found in it."""
    try:
        return urlsplit(base_url).hostname or base_url
    except ValueError:
        return base_url


def other_root(base_url: str) -> str:
    """Return the API root of the region that this one is not; both roots for a host that is not MiniMax's."""
    host = host_of(base_url)
    if _under(host, _INTERNATIONAL):
        return _CHINA_ROOT
    if _under(host, _CHINA):
        return _INTERNATIONAL_ROOT
    return f"{_INTERNATIONAL_ROOT} (international) or {_CHINA_ROOT} (China)"


def _under(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
