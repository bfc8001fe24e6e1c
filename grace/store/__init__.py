"""The durable record of runs: tables, migrations and the ledger over them."""
