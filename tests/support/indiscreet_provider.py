"""A provider, or a proxy before it, that repeats the caller's credentials wherever it can."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def indiscreet_provider(answer: str) -> Iterator[str]:
    """Yield the base URL of a server that gives `answer` to every prompt but those that ask for an error.

    "[2013]", "[1004]" and "[page]" in a prompt get an error body, an authentication failure and a gateway's page, each
    of which quotes the request's address, headers and body.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard = f"{self.path} {self.headers} {self.headers['Authorization'].split()[-1]} {asked}"
            if "[page]" in asked:
                self._say(400, f"<html><title>Bad request</title><pre>{heard}</pre></html>", "text/html")
            elif code := next((code for code in (2013, 1004) if f"[{code}]" in asked), 0):
                message = {"status_code": code, "status_msg": f"invalid params or key, you sent {heard}"}
                self._say(401 if code == 1004 else 400, json.dumps({"base_resp": message, "seen": heard}))
            else:
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
                body = {"id": "0" * 32, "model": json.loads(asked)["model"], "choices": [choice]}
                self._say(200, json.dumps({**body, "base_resp": {"status_code": 0, "status_msg": ""}}))

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

        def _say(self, status: int, text: str, kind: str = "application/json") -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()
