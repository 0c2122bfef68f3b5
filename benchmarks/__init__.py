"""The figures of docs/benchmarks.md, each measured beside something else in one run."""
