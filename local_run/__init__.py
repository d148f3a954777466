"""Runs the whole system on one machine: what `make run` starts."""
