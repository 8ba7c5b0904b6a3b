"""Where photos are kept: stored months, manifests, the crawl journal, folders and buckets."""
