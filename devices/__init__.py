"""The device protocol, written once: what a native device and the gateway say to each other over MQTT.

Gateway and simulated devices both use this package, so neither can drift from the other. It promises the exact
bytes (topics, messages, signatures, limits) and refuses everything else by name. It leaves to others what a message
means: who may pass is the gateway's core, what moves is the device.
"""
