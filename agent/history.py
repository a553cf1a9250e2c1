"""Short-term memory: the conversation of one attempt.

It is append-only, so that the model server's prefix cache holds: rewriting old observations each step would
throw the cache away. Only when the context window is nearly full is it compacted, once and down to half.
"""

from collections.abc import Callable, Sequence

from trajectories.events import Event, PromptCompacted, PromptExtended
from trajectories.messages import Message, Usage

_CHARACTERS_PER_TOKEN = 3.2
"""Few enough for code in any tokenizer we met: an estimate that errs on the safe side."""

_ELIDED = "[This observation was elided to save room: {lines} lines. Repeat the command to see it again.]"


def estimated_tokens(messages: Sequence[Message]) -> int:
    """Return about how many tokens messages take."""
    characters = sum(
        len(m.content) + sum(len(c.arguments) + len(c.name) for c in m.tool_calls) for m in messages
    )
    return int(characters / _CHARACTERS_PER_TOKEN) + 8 * len(messages)


class History:
    """The messages of one attempt, and what they cost in tokens.

    Args:
        record: Takes an event for each extension and compaction.
        window: Tokens of prompt and answer together, or None when unknown.
        reserve: Tokens kept free for the answer.
    """

    def __init__(self, record: Callable[[Event], object], window: int | None, reserve: int) -> None:
        self._record = record
        self._room = None if window is None else window - reserve
        self._messages: list[Message] = []
        self._counted = 0
        self._counted_tokens = 0

    @property
    def messages(self) -> Sequence[Message]:
        """The prompt of the next call."""
        return tuple(self._messages)

    def extend(self, *messages: Message) -> None:
        """Add messages at the end."""
        self._messages.extend(messages)
        self._record(PromptExtended(messages=messages))

    def count(self, usage: Usage) -> None:
        """Learn from the server what the prompt of the last call really took."""
        if usage.prompt_tokens:
            self._counted = len(self._messages)
            self._counted_tokens = usage.prompt_tokens

    @property
    def tokens(self) -> int:
        """Tokens of the prompt: the server's count as far as it goes, an estimate for what came after."""
        return self._counted_tokens + estimated_tokens(self._messages[self._counted :])

    def fits(self) -> bool:
        """Say whether the prompt fits the window, compacting it when it does not.

        The statement and the newest messages stay; observations in between are replaced, oldest first,
        until half of the window is free.
        """
        if self._room is None or self.tokens <= self._room:
            return True
        tokens, target = self.tokens, self._room // 2
        replaced = list(self._messages)
        changed: list[int] = []
        for index in range(2, len(replaced) - 2):
            if tokens <= target:
                break
            message = replaced[index]
            shorter = _ELIDED.format(lines=message.content.count("\n") + 1)
            if message.role == "assistant" or len(message.content) <= len(shorter):
                continue
            replaced[index] = message.model_copy(update={"content": shorter})
            changed.append(index)
            tokens -= estimated_tokens([message]) - estimated_tokens([replaced[index]])
        if not changed:
            return tokens <= self._room
        start, end = changed[0], changed[-1] + 1
        self._messages = replaced
        self._counted = self._counted_tokens = 0
        self._record(PromptCompacted(start=start, elided=end - start, replacement=tuple(replaced[start:end])))
        return self.tokens <= self._room
