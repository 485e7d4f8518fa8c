"""Which queries run, which wait, and which are turned away.

A query is admitted, or waits in a short queue, or is turned away at once: what has no bound is no
queue but a way to die slowly. What a client uses is counted as the time that its queries run.
"""

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from conflictkg.config import Settings
from conflictkg.store import Cancellation
from conflictkg.web import kinds
from conflictkg.web.limits import QUICK_QUEUE, is_loopback
from conflictkg.web.problems import RequestError

_MOST_CLIENTS = 20_000
"""Clients whose use is remembered; then those are forgotten that asked longest ago."""

_MOST_TEXTS = 4_096
"""Texts of heavy queries that are remembered, and of light ones."""

_HEAVY_S = 60.0
"""How long a text counts as heavy, and what its client asks that is new: it may have been late because all were."""

_GRACE = 8
"""How many times longer a text may take that was light before."""

_PATIENCE = 20
"""How many times longer than its own time a query may take on the clock: what waits for the disk is late in the end."""

_RETRY_S = 5


@dataclass(slots=True)
class _Use:
    """What a client has left, and has under way."""

    left_s: float
    at: float
    queries: int = 0
    heavy_at: float = -math.inf


@dataclass(slots=True, eq=False)
class _Ticket:
    """One query that waits.

    Args:
        is_called: Set when there is something to know.
        has_place: Whether it has been given a place.
    """

    is_called: threading.Event = field(default_factory=threading.Event)
    has_place: bool = False


class _Lane:
    """Places for queries, and those that wait for one."""

    def __init__(self, places: int, queue_length: int) -> None:
        self.places = self.free = places
        self.queue_length = queue_length
        self.queue: deque[_Ticket] = deque()

    def give(self) -> None:
        """Hand free places to those who wait, and wake nobody else."""
        while self.free > 0 and self.queue:
            ticket = self.queue.popleft()
            self.free -= 1
            ticket.has_place = True
            ticket.is_called.set()


class Admission:
    """Lets queries in: so many run, so many wait in the order they came, and the others are turned away.

    Every query begins on a quick lane, where it shall end within a moment. What takes longer moves to one
    of the workers; if none is free it has to be set aside until one is, so that however many heavy queries
    there are, light ones do not wait behind them. A text that took long is remembered and waits for a
    worker at once when it comes again, and so does what else its client asks that is new; one that ended
    within a moment is remembered too, and has more time when it is late for once.

    A client on the machine itself has no budget of its own, unless a header names the clients: it is a
    program of the operator, or a proxy through which all come.

    A query runs in the thread that serves it, so what counts for its lane is that thread's own processor
    time: where all are slow because there is much to do, a light query stays a light one.

    Args:
        settings: How many and how much.
        clock: Seconds, for tests.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._own_clock = own_clock if clock is time.monotonic else lambda: clock
        self._changed = threading.Lock()
        self._long = _Lane(settings.workers, settings.queue_length)
        self._quick = _Lane(settings.quick_workers, QUICK_QUEUE * settings.queue_length)
        self._uses: OrderedDict[str, _Use] = OrderedDict()
        self._heavy: OrderedDict[int, float] = OrderedDict()
        self._light: OrderedDict[int, float] = OrderedDict()

    @property
    def running(self) -> int:
        """Queries that run."""
        return sum(each.places - each.free for each in (self._long, self._quick))

    @property
    def waiting(self) -> int:
        """Queries that wait."""
        return sum(len(each.queue) for each in (self._long, self._quick))

    def enter(
        self, client: str, cancellation: Cancellation, text: str = "", *, is_heavy: bool = False
    ) -> "Turn":
        """Wait for the turn of a query.

        Args:
            client: Who asks, from :func:`client_of`.
            cancellation: Ends the waiting.
            text: The query.
            is_heavy: Whether it needs a worker for certain.

        Raises:
            RequestError: The client asks too much, or too many wait already, or it waited too long.
            QueryCancelledError: It was cancelled while it waited.
        """
        key = hash(text)
        with self._changed:
            use = self._require_budget(client)
            is_heavy = is_heavy or not self._quick.places or self._is_known_heavy(key, use)
            lane = self._long if is_heavy else self._quick
            ticket = self._queue_up(lane)
            if use is not None:
                use.queries += 1
        try:
            self._wait(lane, ticket, cancellation)
        except BaseException:
            with self._changed:
                if use is not None:
                    use.queries -= 1
            raise
        return Turn(self, lane, use, key, self._clock(), self._own_clock())

    def _queue_up(self, lane: _Lane) -> _Ticket:
        ticket = _Ticket()
        if lane.free > 0 and not lane.queue:
            lane.free -= 1
            ticket.has_place = True
        elif len(lane.queue) >= lane.queue_length:
            raise _overloaded(
                f"{self.running} queries run and {len(lane.queue)} wait, the most that do."
            )
        else:
            lane.queue.append(ticket)
        return ticket

    def _wait(self, lane: _Lane, ticket: _Ticket, cancellation: Cancellation) -> None:
        if ticket.has_place:
            return
        cancellation.attach(lambda _: ticket.is_called.set())
        ticket.is_called.wait(self._settings.query_wait_s)
        reason = cancellation.reason
        with self._changed:
            if ticket in lane.queue:
                lane.queue.remove(ticket)
            elif reason is None:
                return
            else:
                lane.free += 1
                lane.give()
        if reason is not None:
            raise reason
        raise _overloaded(f"no worker became free in {self._settings.query_wait_s:g} s.")

    def leave(self, turn: "Turn") -> None:
        """A query has ended: its place is free, and its client has used the time."""
        now = self._clock()
        took = now - turn.started
        with self._changed:
            if turn.is_over:
                return
            turn.is_over = True
            turn.lane.free += 1
            if took < self._settings.quick_s or turn.used() < self._settings.quick_s:
                self._heavy.pop(turn.key, None)
                _remember(self._light, turn.key, now)
            if turn.use is not None:
                turn.use.queries -= 1
                self._refill(turn.use, now)
                turn.use.left_s -= took
            turn.lane.give()

    def is_late(self, turn: "Turn") -> bool:
        """Whether a query is on the quick lane for longer than it may be."""
        if turn.lane is self._long:
            return False
        most = self._settings.quick_s * (_GRACE if turn.key in self._light else 1)
        took = self._clock() - turn.started
        return took > most and (turn.used() > most or took > _PATIENCE * most)

    def move(self, turn: "Turn", *, is_begun: bool) -> bool:
        """Give a query a worker for its place on the quick lane.

        Either way its text is remembered as a heavy one.

        Args:
            turn: The query's.
            is_begun: Whether its answer is being sent, so that it cannot begin again: then there may be
                twice as many more as there are workers.

        Returns:
            Whether it may go on; not if no worker is free.
        """
        with self._changed:
            if turn.is_over:
                return True
            self._light.pop(turn.key, None)
            _remember(self._heavy, turn.key, self._clock())
            if turn.use is not None:
                turn.use.heavy_at = self._clock()
            least = -2 * self._long.places if is_begun else 0
            is_free = self._long.free > least and (is_begun or not self._long.queue)
            if turn.lane is not self._long and is_free:
                self._long.free -= 1
                turn.lane.free += 1
                turn.lane.give()
                turn.lane = self._long
            return turn.lane is self._long

    def is_for_heavy(self, lane: _Lane) -> bool:
        """Whether a lane is that of queries which need a worker from the beginning."""
        return lane is self._long

    def _is_known_heavy(self, key: int, use: _Use | None) -> bool:
        """Whether a query would be late for certain, or as likely as those that its client asked before."""
        if key in self._light:
            return False
        since = self._heavy.get(key, -math.inf if use is None else use.heavy_at)
        return self._clock() - since < _HEAVY_S

    def _require_budget(self, client: str) -> _Use | None:
        settings = self._settings
        if is_loopback(client) and not settings.client_header:
            return None
        use = self._uses.get(client)
        if use is None:
            use = self._uses[client] = _Use(settings.client_budget_s, self._clock())
            if len(self._uses) > _MOST_CLIENTS:
                self._uses.popitem(last=False)
        self._uses.move_to_end(client)
        if settings.client_queries and use.queries >= settings.client_queries:
            raise RequestError(
                kinds.TOO_MANY_QUERIES,
                f"{use.queries} queries of yours ({client}) run already, the most that a client may "
                "have at a time. Wait until one has ended.",
                {"Retry-After": "1"},
                {"limit": "client_queries", "max": settings.client_queries},
            )
        self._refill(use, self._clock())
        if settings.client_budget_s and use.left_s <= 0:
            wait = max(1, math.ceil(-use.left_s / settings.client_refill))
            raise RequestError(
                kinds.TOO_MANY_QUERIES,
                f"the queries of yours ({client}) have used the time that a client gets: "
                f"{settings.client_budget_s:g} s, and {settings.client_refill:g} s more each second. "
                f"Ask again in {wait} s.",
                {"Retry-After": str(wait)},
                {"limit": "client_budget_s", "max": settings.client_budget_s},
            )
        return use

    def _refill(self, use: _Use, now: float) -> None:
        gained = (now - use.at) * self._settings.client_refill
        use.left_s = min(self._settings.client_budget_s, use.left_s + gained)
        use.at = now


class Turn:
    """The place of a query that runs; given back once.

    Args:
        admission: Whose place it is.
        lane: On which lane.
        use: What its client uses; none where that is not counted.
        key: Of its text.
        started: When it got the place.
        clock: Of the thread that it runs in.
    """

    def __init__(
        self,
        admission: Admission,
        lane: _Lane,
        use: _Use | None,
        key: int,
        started: float,
        clock: Callable[[], float],
    ) -> None:
        self._admission, self.lane, self.use, self.key = admission, lane, use, key
        self.started = started
        self.stands_back = admission.is_for_heavy(lane)
        self.is_over = False
        self._clock, self._begun = clock, clock()

    def follow(self, clock: Callable[[], float]) -> None:
        """It runs in another thread than the one that waited for its place."""
        self._clock, self._begun = clock, clock()

    def used(self) -> float:
        """Seconds of processor time that its thread has used since; any thread may ask."""
        try:
            return self._clock() - self._begun
        except OSError:  # the thread has ended
            return 0.0

    def end(self) -> None:
        """Give the place back; a second time does nothing."""
        self._admission.leave(self)


def own_clock() -> Callable[[], float]:
    """The processor time of the thread that asks, for other threads to read; the clock where there is none."""
    find = getattr(time, "pthread_getcpuclockid", None)
    if find is None:
        return time.monotonic
    number = find(threading.get_ident())
    return lambda: time.clock_gettime(number)


def _remember(texts: OrderedDict[int, float], key: int, now: float) -> None:
    texts[key] = now
    texts.move_to_end(key)
    if len(texts) > _MOST_TEXTS:
        texts.popitem(last=False)


def _overloaded(problem: str) -> RequestError:
    return RequestError(
        kinds.OVERLOADED,
        f"the server is busy: {problem} Ask again in {_RETRY_S} seconds.",
        {"Retry-After": str(_RETRY_S)},
    )
