"""The way in: a page and an HTTP API over the embedder and the search service."""
