"""SPARQL 1.1 compiled to SQL: text to algebra to plan to SQL to bindings.

It knows no files and no Flask. What it must know of a store it asks of a
:class:`conflictkg.engine.catalog.Catalog`; what it gives back is a plan that the store runs.
"""
