"""Logging does not wait for a slow reader of the log."""

import logging
import os
from collections.abc import Iterator
from io import FileIO, StringIO, TextIOWrapper
from typing import BinaryIO, cast

import pytest

from emulator.cli.lib.log_writer import LogWriter


class Pipe:
    """A log whose lines go into a pipe."""

    def __init__(self, waiting_max: int) -> None:
        source, sink = os.pipe()
        self.reader = os.fdopen(source, "rb")
        self.file = FileIO(sink, "w")
        stream = TextIOWrapper(cast(BinaryIO, self.file), write_through=True)
        self.writer = LogWriter(stream, waiting_max)

    def log(self, text: str) -> None:
        self.writer.emit(logging.makeLogRecord({"msg": text}))


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe(waiting_max=500)
    yield pipe
    pipe.reader.close()
    pipe.file.close()


def test_log_writer_writes_each_line_in_its_order(pipe: Pipe) -> None:
    for number in range(20):
        pipe.log(f"line {number}")
    pipe.writer.flush()
    assert [pipe.reader.readline() for _ in range(20)] == [b"line %d\n" % n for n in range(20)]


def test_log_writer_with_a_full_pipe_blocks_nobody_and_counts_dropped_lines(pipe: Pipe) -> None:
    # Given a pipe that nobody reads, and far more log lines than it can hold,
    for number in range(2_000):
        pipe.log(f"{number}: {'x' * 200}")

    # when it is read at last, then each line is there, or counted among the dropped.
    numbers: list[int] = []
    dropped = 0
    while len(numbers) + dropped < 2_000:
        line = pipe.reader.readline()
        if line.endswith(b"nobody read it\n"):
            dropped += int(line.split()[0])
        else:
            numbers.append(int(line.partition(b":")[0]))
    assert numbers == sorted(numbers)
    assert numbers[:500] == list(range(500))
    assert dropped > 0

    # Logging continues.
    pipe.log("again")
    assert pipe.reader.readline() == b"again\n"


def test_log_writer_without_a_reader_lets_the_program_continue(pipe: Pipe) -> None:
    pipe.reader.close()
    pipe.log("to nobody")
    pipe.writer.flush()
    pipe.log("to nobody again")
    pipe.writer.flush()


def test_log_writer_whose_stream_was_closed_can_be_closed() -> None:
    stream = StringIO()
    writer = LogWriter(stream)
    stream.close()

    writer.close()
