"""Departures: an account that leaves, and everything that is its own with it."""

from emulator.core.events.people import AccountDeleted
from emulator.world.library import clips, recordings, removal
from emulator.world.live import streams
from emulator.world.people.accounts import User
from emulator.world.video import sessions, videos
from emulator.world.world import World


def delete(world: World, user: User) -> None:
    """Delete an account: its streams end first, then all that it owns is gone everywhere.

    Publishers are disconnected and media files go, because each stream, recording, clip, call and
    video tells its own end. Tokens stop working and keys too, also those that made the account.
    """
    with world.change():
        # First, since whose a recording was is said by its stream.
        recordings.delete_of_user(world, user)
        for stream in streams.of_user(world, user):
            if stream.status != "ended":
                stream = streams.end(world, stream, "its owner's account was deleted")
            removal.delete_stream(world, stream, with_vods=True)
        clips.delete_of_user(world, user)
        sessions.leave_all(world, user)
        videos.delete_of(world, user)
        world.store.write(
            "INSERT OR IGNORE INTO retired_keys SELECT key FROM api_keys WHERE user_row = ?",
            user.pk,
        )
        world.store.write("DELETE FROM users WHERE row = ?", user.pk)
        world.emit(AccountDeleted(at_ms=world.now_ms, user_id=user.id, username=user.username))
