"""flexllm's batch client, with the limits that it is told."""

from __future__ import annotations

import asyncio
import time

from flexllm import LLMClient
from task import Task, tell


async def main() -> None:
    task = Task.read()
    conversations = [[{"role": "user", "content": prompt}] for prompt in task.prompts()]
    client = LLMClient(
        base_url=task.url,
        api_key="key",
        model="MiniMax-M2.7",
        concurrency_limit=task.concurrency,
        max_qps=task.rps,
    )
    async with client:
        tell(begun=time.time())
        results = await client.chat_batch(conversations, show_progress=False)
        tell(done=time.time(), lost=sum(one.content is None for one in results))


if __name__ == "__main__":
    asyncio.run(main())
