"""Benchmarks: `python -m benchmarks` runs all of them, `python -m benchmarks NAME --help` tells about one.

One module a benchmark; each prints its tables. A new one is added to BENCHMARKS in __main__.py.
"""
