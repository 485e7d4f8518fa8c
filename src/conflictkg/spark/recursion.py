# ruff: noqa: S608 -- SQL here is made of our own names
"""Property paths without end in Spark, whose recursive queries keep no sets: followed until nothing is new."""

from sqlglot import exp

from conflictkg.engine.dialect import to_sql
from conflictkg.spark.session import Spark


def follow_recursions(spark: Spark, tree: exp.Query) -> list[str]:
    """Put views in the place of what ``WITH RECURSIVE`` defines in a plan.

    Args:
        spark: A session that knows the tables.
        tree: The plan; it is changed.

    Returns:
        The views' names; they are to be forgotten after the query.
    """
    views: list[str] = []
    # The inner ones first: what stands around them reads their views. None refers to a query around it.
    for with_ in reversed(list(tree.find_all(exp.With))):
        if not with_.args.get("recursive"):
            continue
        for each in with_.expressions:
            name, query = each.alias, each.this
            if isinstance(query, exp.Union) and _reads(query.expression, name):
                views += _follow(spark, name, query)
            else:
                spark.keep(name, to_sql(query, "spark"))
            views.append(name)
        with_.pop()
    return views


def _reads(query: exp.Expr, name: str) -> bool:
    return any(each.name == name for each in query.find_all(exp.Table))


def _follow(spark: Spark, name: str, union: exp.Union) -> list[str]:
    """Make the view of a recursion; the other views that this took."""
    newest, found = f"{name}_newest", f"{name}_found"
    step = union.expression.copy()
    for table in step.find_all(exp.Table):
        if table.name == name:
            table.set("this", exp.to_identifier(newest))
    step_sql = to_sql(step, "spark")
    new = spark.keep(newest, f"SELECT DISTINCT * FROM ({to_sql(union.this, 'spark')})")
    spark.define(name, f"SELECT * FROM {newest}")
    while new:
        new = spark.keep(found, f"SELECT * FROM ({step_sql}) EXCEPT SELECT * FROM {name}")
        if new:
            spark.keep(name, f"SELECT * FROM {name} UNION ALL SELECT * FROM {found}")
            spark.define(newest, f"SELECT * FROM {found}")
    return [newest, found]
