"""Benchmarks of the hot paths, each side by side with a baseline in the same run: `python -m bench [GROUP] [--short]`."""
