"""The W3C's SPARQL tests, run in process against any engine.

``PYTHONPATH=tests python -m engine.conformance --help`` runs some or all of them and shows one whole.
"""
