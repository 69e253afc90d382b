"""Printers: a pass becomes a picture, and goes to the print service of this machine. The only place that knows both."""
