"""Jobs that a process left unfinished are started again, but not for ever."""

from emulator.world.people import accounts
from emulator.world.video import jobs
from emulator.world.video.jobs import Job
from emulator.world.video.media import VideoFootage
from emulator.world.world import World


def uploaded(world: World) -> Job:
    owner = accounts.by_api_key(world, "ak_auto_uploader")
    footage = VideoFootage(
        uid=world.ids.uid(), form="mp4", width=320, height=180, duration_ms=0, file_bytes=1
    )
    video = jobs.upload(world, owner, {"title": "Film"}, footage)
    job = jobs.latest(world, video)
    assert job is not None
    return job


def test_video_jobs_count_processes_that_died_over_them(world: World) -> None:
    job = uploaded(world)
    for attempt in range(1, jobs.ATTEMPTS_MAX + 1):
        jobs.start(world, job)
        job = jobs.find(world, job.id)
        assert job.attempts == attempt
        jobs.begin_again(world, job)
        job = jobs.find(world, job.id)
        assert (job.status, job.progress_percent) == ("queued", 0)
    assert [job.id for job in jobs.unfinished(world)] == [job.id]


def test_video_jobs_returned_in_good_order_count_nothing(world: World) -> None:
    job = uploaded(world)
    for _ in range(5):
        jobs.start(world, job)
        jobs.begin_again(world, jobs.find(world, job.id), is_left=True)
        job = jobs.find(world, job.id)
        jobs.begin_again(world, job, is_left=True)
        assert jobs.find(world, job.id).attempts == 0
