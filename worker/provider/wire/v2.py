"""MiniMax's native API, v2.

Source: https://platform.minimax.io/docs/api-reference/text-post
"""

from __future__ import annotations

from worker.provider.wire import chat

PATH = "/text/chatcompletion_v2"

query = chat.query
obstacle = chat.obstacle
body = chat.body
read = chat.read
