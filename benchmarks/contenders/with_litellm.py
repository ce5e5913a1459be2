"""LiteLLM's Router with the limits that it is told and five retries. Variants: router; queue, its priority queue."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from litellm import Router
from task import URGENT_CALLS, Task, stats, tell

URGENT, USUAL = 0, 10  # the less, the sooner
MODEL = "minimax"


def router(task: Task) -> Router:
    call = {"model": "openai/MiniMax-M2.7", "api_base": task.url, "api_key": "key"}
    if task.rps:
        call |= {"rpm": task.rps * 60}
    deployment = {"model_name": MODEL, "litellm_params": {**call, "max_parallel_requests": task.concurrency or 50}}
    if task.variant == "router":
        return Router(model_list=[deployment], num_retries=5)
    # As its page on prioritization shows it: the queue acts where a deployment's rpm is watched.
    return Router(
        model_list=[deployment],
        num_retries=5,
        timeout=100,
        routing_strategy="usage-based-routing-v2",
        polling_interval=0.03,
    )


async def ask(asked: Router, task: Task, prompt: str, priority: int) -> Any:
    messages: Any = [{"role": "user", "content": prompt}]
    if task.variant == "queue":
        return await asked.schedule_acompletion(model=MODEL, messages=messages, priority=priority)
    return await asked.acompletion(model=MODEL, messages=messages)


async def limited(asked: Router, task: Task) -> None:
    tell(begun=time.time())
    calls = (ask(asked, task, prompt, USUAL) for prompt in task.prompts())
    answers = await asyncio.gather(*calls, return_exceptions=True)
    tell(done=time.time(), lost=sum(isinstance(one, BaseException) for one in answers))


async def urgent(asked: Router, task: Task) -> None:
    """Keep the whole backlog waiting in its queue, and ask urgently in between."""
    backlog = [asyncio.create_task(ask(asked, task, prompt, USUAL)) for prompt in task.prompts()]
    while (await asyncio.to_thread(stats, task))["answered"] < 4 * task.in_flight:  # noqa: ASYNC110  another process counts
        await asyncio.sleep(0.2)
    for number in range(URGENT_CALLS):
        tell(urgent={f"urgent-{number}": time.time()})
        await ask(asked, task, f"Say ok to urgent-{number}, now.", URGENT)
    tell(done=time.time(), lost=0)
    for one in backlog:
        one.cancel()


async def main() -> None:
    task = Task.read()
    asked = router(task)
    await (urgent if task.contest == "priority" else limited)(asked, task)


if __name__ == "__main__":
    asyncio.run(main())
