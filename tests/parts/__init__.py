"""Real parts for the tests: a broker, a database, a browser, each started on a free port and stopped at the end."""
