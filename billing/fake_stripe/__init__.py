"""A Stripe that runs here, for the demo and the tests: the official SDK talks to it unmodified.

It keeps its state in one SQLite file, listens on 127.0.0.1 alone, knows no real card and refuses to start in
production. It is a program of its own: nothing of Tessera imports it, and it imports nothing of Tessera.
What it does as Stripe does, and what it leaves out, is in docs/billing.md.
"""
