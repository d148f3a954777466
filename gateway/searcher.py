"""A search from its terms to its results."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.embedder_client import EmbedderClient
from gateway.errors import CallFailed
from gateway.query import ImageTerm, SearchQuery, Term, TextTerm, VectorTerm
from gateway.search_client import Results, SearchClient
from gateway.text_vectors import TextVectors

_TEXTS_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """The results, and whether some text was too long for the model and only its beginning counted."""

    page: Results
    truncated: bool


class Searcher:
    """Embeds the texts of a query and asks the search service."""

    def __init__(self, embedder: EmbedderClient, search: SearchClient) -> None:
        self._search = search
        self._texts = TextVectors(embedder.embed_text, _TEXTS_KEPT)

    async def find(self, query: SearchQuery) -> Found:
        """The photos that the query asks for."""
        texts = [term.text for term in query.terms if isinstance(term, TextTerm)]
        remembered = any(self._texts.remembers(text) for text in texts)
        try:
            return await self._find(query)
        except CallFailed as error:
            # A remembered vector may be of the model before the last restart; a new one may fit.
            if error.remote.reason != "MODEL_MISMATCH" or not remembered:
                raise
            self._texts.forget()
        return await self._find(query)

    async def _find(self, query: SearchQuery) -> Found:
        terms, truncated = await self._embedded(query.terms)
        return Found(await self._search.search(terms, query), truncated)

    async def _embedded(self, terms: Sequence[Term]) -> tuple[list[ImageTerm | VectorTerm], bool]:
        tasks = [asyncio.ensure_future(self._texts.embed(term.text)) for term in terms if isinstance(term, TextTerm)]
        try:
            answers = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            raise
        remaining = iter(answers)
        embedded = [
            VectorTerm(next(remaining).embedding, term.weight) if isinstance(term, TextTerm) else term for term in terms
        ]
        return embedded, any(answer.truncated for answer in answers)
