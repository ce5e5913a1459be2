"""Request fields of other providers: where they come from, and what to write for MiniMax."""

from __future__ import annotations

_ANSWER_LENGTH = "write max_completion_tokens"
_SYSTEM = 'write a message {"role": "system", "content": "..."} first in messages'
_MESSAGES = 'write messages: [{"role": "user", "content": "..."}]'
_SAMPLING = "write temperature and top_p beside model"

# Field -> (origin, remedy). These carry meaning, which would be lost if MiniMax ignored them: refused.
FOREIGN_FIELDS = {
    "system": ("Anthropic's API", _SYSTEM),
    "max_tokens_to_sample": ("Anthropic's older API", _ANSWER_LENGTH),
    "anthropic_version": ("Anthropic's API", "leave it out"),
    "anthropic_beta": ("Anthropic's API", "leave it out"),
    "betas": ("Anthropic's API", "leave it out"),
    "prompt": ("OpenAI's completions API", _MESSAGES),
    "input": ("OpenAI's responses API", _MESSAGES),
    "instructions": ("OpenAI's responses API", _SYSTEM),
    "max_output_tokens": ("OpenAI's responses API and Gemini", _ANSWER_LENGTH),
    "previous_response_id": ("OpenAI's responses API", "send the whole conversation in messages"),
    "conversation": ("OpenAI's responses API", "send the whole conversation in messages"),
    "text": ("OpenAI's responses API", _MESSAGES),
    "reasoning": ("OpenAI's responses API", 'write thinking: {"type": "adaptive"}'),
    "functions": ("OpenAI's older chat API", "write tools"),
    "function_call": ("OpenAI's older chat API", "write tool_choice"),
    "modalities": ("OpenAI's chat API", "leave it out; these models answer with text"),
    "audio": ("OpenAI's chat API", "leave it out; these models answer with text"),
    "web_search_options": ("OpenAI's chat API", "leave it out, or offer a tool of your own"),
    "contents": ("Gemini's API", _MESSAGES),
    "generationConfig": ("Gemini's API", _SAMPLING),
    "generation_config": ("Gemini's API", _SAMPLING),
    "safetySettings": ("Gemini's API", "leave it out; MiniMax's filter cannot be set"),
    "safety_settings": ("Gemini's API", "leave it out; MiniMax's filter cannot be set"),
    "systemInstruction": ("Gemini's API", _SYSTEM),
    "system_instruction": ("Gemini's API", _SYSTEM),
    "toolConfig": ("Gemini's API", "write tool_choice"),
    "tool_config": ("Gemini's API", "write tool_choice"),
    "inputs": ("Hugging Face's API", _MESSAGES),
    "parameters": ("Hugging Face's API", _SAMPLING),
    "options": ("Ollama's API", _SAMPLING),
    "num_predict": ("Ollama's API", _ANSWER_LENGTH),
    "max_new_tokens": ("Hugging Face's API", _ANSWER_LENGTH),
    "preamble": ("Cohere's API", _SYSTEM),
    "chat_history": ("Cohere's API", _MESSAGES),
    "message": ("Cohere's API", _MESSAGES),
    "extra_body": ("OpenAI's Python client", "write its fields beside model"),
    "bot_setting": ("MiniMax's legacy Pro API", _SYSTEM),
    "reply_constraints": ("MiniMax's legacy Pro API", "leave it out"),
    "sample_messages": ("MiniMax's legacy Pro API", "write them in messages"),
    "GroupId": ("the URL's query", "set MINIMAX_GROUP_ID"),
    "group_id": ("the URL's query", "set MINIMAX_GROUP_ID"),
    "api_key": ("the Authorization header", "set MINIMAX_API_KEY, and take the key out of the input"),
}

_NO_EFFECT = "leave it out"

# Field -> remedy. The answer comes all the same, as if the field were not there: a warning.
IGNORED_FIELDS = {
    "presence_penalty": _NO_EFFECT,
    "frequency_penalty": _NO_EFFECT,
    "repetition_penalty": _NO_EFFECT,
    "logit_bias": _NO_EFFECT,
    "logprobs": _NO_EFFECT,
    "top_logprobs": _NO_EFFECT,
    "seed": "leave it out; answers cannot be repeated exactly",
    "stop": "leave it out, and cut the answer yourself",
    "stop_sequences": "leave it out, and cut the answer yourself",
    "top_k": "leave it out, and use top_p",
    "min_p": "leave it out, and use top_p",
    "user": _NO_EFFECT,
    "metadata": _NO_EFFECT,
    "store": _NO_EFFECT,
    "parallel_tool_calls": _NO_EFFECT,
    "prediction": _NO_EFFECT,
    "reasoning_effort": 'leave it out, or write thinking: {"type": "disabled"} for MiniMax-M3',
    "verbosity": "leave it out, and ask for it in the prompt",
    "safety_identifier": _NO_EFFECT,
    "prompt_cache_key": _NO_EFFECT,
    "mcp_servers": _NO_EFFECT,
    "context_management": _NO_EFFECT,
    "container": _NO_EFFECT,
    "best_of": "leave it out; MiniMax gives one answer a request",
}
