"""Benchmarks of the hot paths, each beside a baseline in the same run: `python -m bench [GROUP] [--short]`."""
