"""Keeps: tables, the one writer, migrations, the directory in memory, the ledger. The only place that knows SQL."""
