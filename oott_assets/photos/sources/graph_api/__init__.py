"""The photo source that uses the hashtag search of Instagram's Graph API."""
