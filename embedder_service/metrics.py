"""What the embedder tells Prometheus; docs/deploy.md explains it to operators."""

from prometheus_client import Counter, Gauge, Histogram

# From a model on a GPU to a queue that is as long as a call may wait.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

WAITING = Gauge("embedder_waiting", "Inputs that wait for the model.", ["kind"])
QUEUE_SECONDS = Histogram(
    "embedder_queue_seconds", "How long an input waited for the model.", ["kind"], buckets=_SECONDS
)
BATCH_SIZE = Histogram(
    "embedder_batch_size", "Inputs that were embedded together.", ["kind"], buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
MODEL_SECONDS = Histogram("embedder_model_seconds", "How long the model computed a batch.", ["kind"], buckets=_SECONDS)
DECODE_SECONDS = Histogram(
    "embedder_decode_seconds", "How long a picture was decoded and prepared.", ["kind"], buckets=_SECONDS
)
REFUSED = Counter(
    "embedder_refused_total",
    "Calls that were answered OVERLOADED (reason: deadline, wait or memory), or dropped when their deadline passed in "
    "the queue (reason: expired).",
    ["kind", "reason"],
)
TEXT_CACHE = Counter(
    "embedder_text_cache_total",
    "Texts by where their vectors came from (outcome): hit (the cache), shared (another call with the same text), miss "
    "(the model).",
    ["outcome"],
)
