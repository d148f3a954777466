"""The vectors of texts, remembered so that a further page or the same search again needs no new embedding."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from gateway.embedder_client import TextEmbedding

Embed = Callable[[str], Awaitable[TextEmbedding]]


class TextVectors:
    """Embeds texts and keeps the last `size` vectors. A page token fits only the very vector it was made with."""

    def __init__(self, embed: Embed, size: int) -> None:
        self._embed = embed
        self._size = size
        self._kept: OrderedDict[str, TextEmbedding] = OrderedDict()

    async def embed(self, text: str) -> TextEmbedding:
        """The text's vector, remembered or new."""
        if text in self._kept:
            self._kept.move_to_end(text)
            return self._kept[text]
        embedded = await self._embed(text)
        # Another search for this text may have been quicker: the first answer is what page tokens were made with.
        answer = self._kept.setdefault(text, embedded)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return answer

    def remembers(self, text: str) -> bool:
        """Whether the text's vector is kept."""
        return text in self._kept

    def forget(self) -> None:
        """Drops all vectors, as when the index has another model now."""
        self._kept.clear()
