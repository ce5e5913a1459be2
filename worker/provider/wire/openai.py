"""MiniMax's OpenAI-compatible API.

Source: https://platform.minimax.io/docs/api-reference/text-chat-openai
"""

from __future__ import annotations

from worker.provider.wire import chat

PATH = "/chat/completions"

query = chat.query
obstacle = chat.obstacle
body = chat.body
read = chat.read
