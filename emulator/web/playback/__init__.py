"""The CDN's addresses: what players ask for, and who they are."""
