"""bespokelabs-curator, with the limits that it is told; lines that it gives up on are counted as lost."""

from __future__ import annotations

import os
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from task import Task, tell

# The token tables that tiktoken would fetch from the network are shipped with litellm, which curator needs.
litellm = find_spec("litellm")
assert litellm is not None
assert litellm.origin is not None
os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers")
os.environ["OPENAI_API_KEY"] = "key"

from bespokelabs import curator  # noqa: E402  it reads the environment when imported


class Asker(curator.LLM):
    def prompt(self, row: dict[str, Any]) -> str:
        return str(row["prompt"])

    def parse(self, row: dict[str, Any], response: str) -> dict[str, Any]:
        return {"prompt": row["prompt"], "answer": response}


def main() -> None:
    task = Task.read()
    assert task.rps is not None
    asker = Asker(
        model_name="MiniMax-M2.7",
        backend="openai",
        backend_params={
            "base_url": task.url,
            "max_requests_per_minute": task.rps * 60,
            "max_tokens_per_minute": 1_000_000_000,
            "max_concurrent_requests": task.concurrency,
            "require_all_responses": False,
        },
    )
    rows = [{"prompt": prompt} for prompt in task.prompts()]
    tell(begun=time.time())
    answered = asker(rows, working_dir=task.folder)
    tell(done=time.time(), lost=task.jobs - len(answered.dataset))


if __name__ == "__main__":
    main()
