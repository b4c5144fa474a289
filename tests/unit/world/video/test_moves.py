"""The tables of allowed state changes: each state with each change."""

from itertools import product
from typing import get_args

import pytest

from emulator.core.errors import Refused
from emulator.world.video.moves import (
    JOB_MOVES,
    SESSION_MOVES,
    VIDEO_MOVES,
    JobStatus,
    SessionMove,
    SessionStatus,
    VideoStatus,
    check_job,
    check_video,
    session_after,
)
from tests.support.tables import table


@table(("status", "move"), list(product(get_args(SessionStatus), get_args(SessionMove))))
def test_video_states_session_follows_its_table(status: SessionStatus, move: SessionMove) -> None:
    if (status, move) in SESSION_MOVES:
        assert session_after(status, move) == SESSION_MOVES[status, move]
        return
    with pytest.raises(Refused) as refused:
        session_after(status, move)
    assert refused.value.code == "conflict"
    assert status == "ended"


@table(("status", "to"), list(product(get_args(VideoStatus), get_args(VideoStatus))))
def test_video_states_video_follows_its_table(status: VideoStatus, to: VideoStatus) -> None:
    if (status, to) in VIDEO_MOVES:
        check_video(status, to)
        assert status != "failed"
        return
    with pytest.raises(Refused) as refused:
        check_video(status, to)
    assert refused.value.code == "conflict"


@table(("status", "to"), list(product(get_args(JobStatus), get_args(JobStatus))))
def test_video_states_job_follows_its_table(status: JobStatus, to: JobStatus) -> None:
    if (status, to) in JOB_MOVES:
        check_job(status, to)
        assert status in {"queued", "processing"}
        return
    with pytest.raises(Refused) as refused:
        check_job(status, to)
    assert refused.value.code == "conflict"
