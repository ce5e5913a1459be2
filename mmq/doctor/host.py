"""Whether this machine reaches the API's host: name, port, TLS."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from mmq.doctor.check import Check, fail, ok
from worker.settings import Settings

CONNECT_LIMIT_S = 5.0
NETWORK = "check this machine's network and firewall; calls do not use proxies of the environment"


def look(settings: Settings) -> Iterator[Check]:
    """Resolve the name, connect, and shake hands as a call would, without sending anything."""
    if settings.account is None:
        return
    parts = urlsplit(settings.account.base_url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    began = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=CONNECT_LIMIT_S) as connection:
            if secure:
                # The same authorities as the client's, SSL_CERT_FILE included.
                httpx.create_ssl_context().wrap_socket(connection, server_hostname=host).close()
    except (socket.gaierror, UnicodeError):  # the latter for what cannot be a name at all
        yield fail(
            "host", f"the name {host} cannot be resolved", f"check MINIMAX_BASE_URL for a misspelt host; {NETWORK}"
        )
    except ssl.SSLCertVerificationError as exc:
        found = f"the certificate of {host} is not to be trusted: {exc.verify_message}"
        yield fail(
            "host", found, "check this machine's clock; for a network with an authority of its own, set SSL_CERT_FILE"
        )
    except ssl.SSLError as exc:
        yield fail("host", f"{host}:{port} does not speak TLS: {exc.reason}", "check host and port of MINIMAX_BASE_URL")
    except OSError as exc:
        why = "no answer" if isinstance(exc, TimeoutError) else exc.strerror or type(exc).__name__
        yield fail("host", f"no connection to {host}:{port}: {why}", NETWORK)
    else:
        milliseconds = (time.monotonic() - began) * 1000
        yield ok("host", f"{host} is reached in {milliseconds:.0f} ms" + (", with TLS" if secure else ""))
