"""Decides. Values in, values out: no clock, no await, no I/O, standard library only."""
