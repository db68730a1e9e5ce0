"""PostgreSQL and Valkey from wheels, and the supervisor behind `make demo`.

Nothing here imports Django: the servers must stand before the settings can be read.
"""
