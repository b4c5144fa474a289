"""The CDN's addresses: what players ask for, and which viewers they are."""
