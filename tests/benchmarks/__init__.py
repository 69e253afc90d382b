"""Benchmarks: `python3 dev.py bench [tap|holders]`. They measure in one run what they compare, and print the ratios."""
