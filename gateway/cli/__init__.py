"""The command line, one module for each noun. Thin: it reads what was typed, calls, and says what came of it."""
