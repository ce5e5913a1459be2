"""Who may come in: a password for whatever listens where others can reach it."""

from __future__ import annotations

from ipaddress import ip_address
from secrets import token_urlsafe

from worker.errors import ConfigurationError, Problem


def password_for(address: str, given: str) -> str:
    """Return `user:password` for a server on this address: the given one, a new one beyond loopback, or none at all.

    Raises:
        ConfigurationError: what is given is not of this form.
    """
    user, _, password = given.partition(":")
    if given and not (user and password):
        remedy = "set it like mmq:a-long-password, or unset it"
        raise ConfigurationError([Problem("MMQ_FLOWER_BASIC_AUTH", "is not user:password", remedy)])
    if given or loopback(address):
        return given
    return f"mmq:{token_urlsafe(18)}"


def loopback(address: str) -> bool:
    """Return whether only this machine can reach a server on the address. A name that we do not know counts as no."""
    if address == "localhost":
        return True
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
