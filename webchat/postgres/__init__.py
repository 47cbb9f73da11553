"""Django's PostgreSQL backend, with one thing more. `address.py` names it where a database is set."""
