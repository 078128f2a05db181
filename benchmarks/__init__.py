"""Benchmarks of the filter: `python -m benchmarks speed`, `python -m benchmarks memory`; see README.md beside this."""
