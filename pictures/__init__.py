"""What indexer, embedder and gateway share about image files: read them within limits, reduce them, name them."""
