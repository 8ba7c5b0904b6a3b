"""The photo store: stored months, manifests, the crawl journal, folders and buckets."""
