"""SERVICE: other endpoints asked for a query, if the operator lists them.

Nobody is asked whom the policy does not name by its exact IRI (:mod:`conflictkg.federation.policy`), at no address
that is not public unless it is listed (:mod:`conflictkg.federation.addresses`), and nothing of a query is sent
anywhere else. A :class:`Federation` is handed to :meth:`conflictkg.store.Store.query`.
"""

from collections.abc import Callable

from conflictkg.answers import Solutions
from conflictkg.engine.algebra import Query, Select
from conflictkg.federation.budget import Budget as Budget
from conflictkg.federation.client import Ask, Asker
from conflictkg.federation.policy import Policy as Policy
from conflictkg.federation.policy import Target as Target
from conflictkg.federation.policy import describe_policy as describe_policy
from conflictkg.federation.policy import load_policy as load_policy
from conflictkg.federation.policy import parse_policy as parse_policy
from conflictkg.federation.rewriting import Rewriter
from conflictkg.federation.walking import asks_others as asks_others
from conflictkg.federation.walking import has_service
from conflictkg.store import Cancellation


class Federation:
    """Has endpoints asked, by a policy. Safe to use from several threads; one serves a whole process.

    Args:
        policy: Who may be asked.
        ask: How; by default over HTTP.
    """

    def __init__(self, policy: Policy, ask: Ask | None = None) -> None:
        self.policy = policy
        self._ask = Asker().ask if ask is None else ask

    def resolve(
        self,
        query: Query,
        ask_store: Callable[[Select, int], Solutions],
        *,
        deadline: float | None,
        deadline_s: float | None,
        cancellation: Cancellation | None,
    ) -> Query:
        """Ask the others, and give the query with their answers in the place of SERVICE.

        Args:
            query: A query; without SERVICE it is given back as it is.
            ask_store: Answers a query with at most so many rows from the store that the query is for.
            deadline: When the query is stopped, on the clock of ``time.monotonic``.
            deadline_s: How many seconds it was given.
            cancellation: Ends it.

        Raises:
            EndpointRefusedError: It asks one that is not listed, or in a way that cannot be followed.
            FederationError: One cannot be asked, or does not answer as it should.
            QueryError: The store cannot say what is to be sent, or the query was stopped.
        """
        if not has_service(query):
            return query
        budget = Budget(deadline, deadline_s or 0.0, cancellation or Cancellation())
        return Rewriter(self.policy, self._ask, ask_store, budget).rewrite(query)
