"""Measurements, each against a baseline in the same run: `make bench`.

Absolute times depend on the machine and its neighbours; the ratios say what a change did.
"""
