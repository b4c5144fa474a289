"""Places: where the jobs of a command are done: processes of this machine, or a cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from msgspec import Struct


class Place(Struct, frozen=True):
    """An executor, and how many work there at the moment."""

    executor: Executor
    workers: Callable[[], int]


@contextmanager
def place_of(address: str, count: int) -> Iterator[Place]:
    """`count` processes of this machine, or the cluster at `address`. They end with the block.

    Refuses as `cluster.connect` does.
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
