"""The embedder, measured through its gRPC contract."""
