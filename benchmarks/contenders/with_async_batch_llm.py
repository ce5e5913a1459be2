"""async-batch-llm with the limits that it is told. Variant: the cooldown after a refusal in seconds, by default 300."""

from __future__ import annotations

import asyncio
import time

from async_batch_llm import ProcessorConfig, RateLimitConfig, llm, process_prompts
from task import Task, tell


async def main() -> None:
    task = Task.read()
    assert task.rps is not None
    strategy = llm("openai-compatible:MiniMax-M2.7", base_url=task.url, api_key="key")
    config = ProcessorConfig(
        concurrency=task.concurrency,
        max_requests_per_minute=task.rps * 60,
        rate_limit=RateLimitConfig(cooldown_seconds=float(task.variant)),
    )
    prompts = [(str(number), prompt) for number, prompt in enumerate(task.prompts())]
    tell(begun=time.time())
    batch = await process_prompts(strategy, prompts, config=config)
    tell(done=time.time(), lost=sum(not one.success for one in batch.results))


if __name__ == "__main__":
    asyncio.run(main())
