"""Wardgate: the edge service that decides who passes, records it, and tells the devices."""
