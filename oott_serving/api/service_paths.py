"""The paths of the service."""

HEALTH_PATHS = ("/ping", "/health", "/healthcheck", "/status")

# Prometheus, load balancers and container engines ask for these every few seconds.
PROBE_PATHS = frozenset({*HEALTH_PATHS, "/livez", "/healthz", "/readyz", "/metrics"})

PAGE_PATHS = frozenset({"/", "/docs.js", "/docs.json", "/try", "/pack"})
PAGE_FOLDERS = ("/static_content/", "/try/", "/pack/")

PREDICTION_PATHS = frozenset({"/predict/camera", "/predict/garments", "/predict/batch"})

RECOMMENDATION_PATHS = frozenset({"/recommend", "/recommend/released"})

ALL_PATHS = (
    PREDICTION_PATHS | RECOMMENDATION_PATHS | PROBE_PATHS | PAGE_PATHS | {"/model", "/trends"}
)
