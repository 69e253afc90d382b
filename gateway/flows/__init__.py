"""Tells the story of each thing that happens on campus: short async functions, no SQL, no topics, no HTTP."""
