"""Who is calling: the Bearer key and, on the legacy API, the GroupId of the query."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.codes import Refused

# One space, then visible ASCII without quotes: a doubled space, a quoted key or a zero-width space all fail here.
_BEARER = re.compile(r"Bearer ([!#-&(-~]+)\Z")


@dataclass(frozen=True, slots=True)
class Caller:
    """`label` stands for the key in logs (`key-1`, ...); `account` is the group whose limits the call spends."""

    label: str
    account: str


class Keyring:
    """The keys this sandbox knows. Keys of one group share its limits, as MiniMax's sub-accounts do."""

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        self._callers = {key: Caller(f"key-{n}", group) for n, (key, group) in enumerate(keys, 1)}

    def caller(self, authorization: str | None, group_id: str | None, api: Api) -> Caller:
        """Return who calls.

        Raises:
            Refused: 1004 without a credential, with a malformed header, or (legacy API, HTTP 401) with a GroupId
                that is missing or another account's; 2049 for a key nobody knows.
        """
        http = 401 if api is Api.V1 else None
        if not authorization:
            text = "login fail: Please carry the API secret key in the 'Authorization' field of the request header"
            raise Refused(1004, text, http=http, bare=True)
        match = _BEARER.match(authorization)
        if match is None:
            raise Refused(1004, "login fail: the Authorization field is malformed", http=http, bare=True)
        caller = self._callers.get(match.group(1))
        if caller is None:
            raise Refused(2049, bare=True)
        if api is Api.V1 and group_id is None:
            # MiniMax does not say that it is the GroupId it misses, and neither do we.
            raise Refused(1004, http=401, bare=True)
        if api is Api.V1 and group_id != caller.account:
            raise Refused(1004, "token not match group", http=401, bare=True)
        return caller
