"""Wardgate's tests, beside the layers they test."""
