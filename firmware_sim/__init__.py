"""Simulated devices and a whole campus of them, faults included.

What each device does is a pure step function (`machine.step`); a thin shell does MQTT, timers and disk. Nothing in
here imports the gateway: the two meet on the broker and nowhere else.
"""
