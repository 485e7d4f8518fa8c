"""Drawn data and drawn queries over the whole language, answered by us and by two peers.

``PYTHONPATH=tests python -m engine.fuzz --examples 20000 --seed 1`` for a long run.
"""
