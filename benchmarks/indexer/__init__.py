"""Benchmarks of the indexer."""
