// The stream on which a user can go live: a user may only have so many that have not ended.

/**
 * A stream of the user `userId` in the first of these `statuses` that one of theirs has, or null.
 * `get(path)` reads from the platform as this user.
 */
export async function openStream(get, userId, statuses) {
  for (const status of statuses) {
    const query = new URLSearchParams({ status_filter: status, user_id: userId, per_page: 1 });
    const { streams } = await get(`streams/?${query}`);
    if (streams.length) return streams[0];
  }
  return null;
}
