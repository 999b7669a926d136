"""Benchmarks: `python -m benchmarks.forward` and `benchmarks/micro` (docs/benchmarks.md)."""
