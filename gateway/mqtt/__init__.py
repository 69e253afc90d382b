"""The link to the broker and the router: bytes to typed messages to flows and back."""
