"""The CDN's addresses: the requests of players, and which viewers they are."""
