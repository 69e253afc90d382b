"""Video health: pictures of the cameras are fetched, decoded and measured in child processes (the eye)."""
