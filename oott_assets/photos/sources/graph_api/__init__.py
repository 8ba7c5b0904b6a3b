"""Photos by Instagram's own Graph API: its hashtag search, within what it allows."""
