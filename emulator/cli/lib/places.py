"""Places: the workers for a command's jobs: processes of this machine, or a cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from msgspec import Struct


class Place(Struct, frozen=True):
    """An executor, and a function that returns how many workers it has now."""

    executor: Executor
    workers: Callable[[], int]


@contextmanager
def place_of(address: str, count: int) -> Iterator[Place]:
    """`count` processes of this machine, or the cluster at `address`, while the block runs.

    Refuses (`unavailable`, `conflict`) what `cluster.connect` refuses.
    """
    place = _place(address, count)
    try:
        yield place
    finally:
        place.executor.shutdown(cancel_futures=True)


def _place(address: str, count: int) -> Place:
    if not address:
        from emulator.parallel.processes import ProcessWorkers

        return Place(ProcessWorkers(count), lambda: count)
    from emulator.parallel import cluster

    workers = cluster.connect(address)
    return Place(workers, workers.count)
