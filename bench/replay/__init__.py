"""Replay: months that nobody planned for, to see what recommended times are worth.

`shop` and `people` make up a shop, its members and what they want. They share no code, constant or type with
the recommender, nor import anything of Tessera (a test says so). `policies` are three ways to recommend; only
there is the recommender called. `run` plays the same held-out months once with each.
"""
