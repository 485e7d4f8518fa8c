"""The same plans on Apache Spark: a source converted and stored as Parquet, and questions answered over that.

Relations and quads, plans of queries and the counting are SQL, which :mod:`conflictkg.engine.dialect` writes for
Spark. What DuckDB knows of single rows (the ids of terms, the words of texts) DuckDB says there too, inside of
Spark's workers: so nothing of it stands twice. Spark is imported when it is used, not before.
"""
