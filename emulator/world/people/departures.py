"""Departures: an account is deleted with everything that belongs to it."""

from emulator.core.events.people import AccountDeleted
from emulator.world.library import clips, recordings, removal
from emulator.world.live import streams
from emulator.world.people.accounts import User
from emulator.world.video import sessions, videos
from emulator.world.world import World


def delete(world: World, user: User) -> None:
    """Delete an account: end its streams, then delete all that it owns.

    Each stream, recording, clip, call and video emits the event of its own end, so that publishers
    are disconnected and media files are deleted. Its tokens and keys stop working; keys that
    created the account cannot create it again.
    """
    with world.change():
        # Recordings go first, because their owner is known by their stream.
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
