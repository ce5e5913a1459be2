"""Take credentials out of text that is stored or shown."""

from __future__ import annotations

import re

from worker.provider.account import Secret

BODY_LIMIT = 8_192  #: characters of an error body that are kept; MiniMax's own stay under 1,000
MESSAGE_LIMIT = 500  #: characters of an error message that are kept
_LOOKED_AT = 4 * BODY_LIMIT  # characters looked at first; more only if masking leaves too few of them
_UNRECOGNISED = 64  # characters; the beginning of a credential that is too short to be known as one is shorter

_SHORTEST_KEY = 8  # a key of fewer characters is a placeholder, and may be a common word

_MASK = "***"
_CREDENTIALS = re.compile(
    r"(?i:\bbearer\s+)[^\s\"',;}<]{6,}"
    r"|(?<=GroupId=)[^\s&\"'<]+"
    r"|\bsk-[\w-]{8,}"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}"  # MiniMax's older keys are JWTs
    r"|(?i:\"?\b(?:authorization|x-api-key|api[_-]?key)\"?\s*[:=]\s*)\"?[^\s\"',;}<]+(?:\s+[^\s\"',;}<]+)?"
)


class Scrub:
    """Masks one account's key, and whatever else looks like a credential. A proxy's error page may echo the header."""

    __slots__ = ("_key",)

    def __init__(self, key: Secret) -> None:
        self._key = key

    def __call__(self, text: str, limit: int = BODY_LIMIT) -> str:
        """Return at most `limit` characters of the text without credentials."""
        key = self._key.reveal().strip()
        if len(key) >= _SHORTEST_KEY:
            text = text.replace(key, _MASK)
        # A credential that is cut in two may not be recognised: the end of what is looked at must never be shown.
        looked_at = _LOOKED_AT
        while True:
            masked = _CREDENTIALS.sub(_MASK, text[:looked_at])
            if looked_at >= len(text) or len(masked) >= limit + _UNRECOGNISED:
                return masked[:limit]
            looked_at *= 4
