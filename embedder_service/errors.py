"""What goes wrong in the embedder.

ServiceError
 ├── TextEmpty, TextTooLong              the text
 ├── ImageUndecodable, ImageTooLarge     the picture
 ├── Overloaded                          it would wait too long
 ├── TooLate                             it did wait too long
 ├── ModalityUnsupported                 the model has no tower for this
 ├── ModelLoading                        not yet
 └── ModelFailed                         not before a person acts
"""

from grpc_runtime.errors import ServiceError


class TextEmpty(ServiceError):
    """The text holds nothing to embed."""

    reason = "TEXT_EMPTY"

    def __init__(self) -> None:
        super().__init__("The text is empty. Send some words.")


class TextTooLong(ServiceError):
    """The text has more bytes than the limit."""

    reason = "TEXT_TOO_LONG"

    def __init__(self, limit_bytes: int, actual_bytes: int) -> None:
        super().__init__(
            f"The text has {actual_bytes:,} bytes; the limit is {limit_bytes:,}. Shorten it.",
            limit_bytes=str(limit_bytes),
        )


class ImageUndecodable(ServiceError):
    """The bytes are no picture that can be read."""

    reason = "IMAGE_UNDECODABLE"


class ImageTooLarge(ServiceError):
    """The picture has more bytes, pixels or frames than the limit."""

    reason = "IMAGE_TOO_LARGE"


class Overloaded(ServiceError):
    """The call would not be answered in time, or there is no memory for it: refused before anything was done for it."""

    reason = "OVERLOADED"

    def __init__(self, because: str, retry_after: float) -> None:
        super().__init__(f"The embedder is busy: {because}. Try again in {retry_after:.1f} s.", retry_after=retry_after)


class TooLate(ServiceError):
    """The call's turn came when it could not be answered before its deadline any more."""

    reason = "TIMEOUT"

    def __init__(self) -> None:
        super().__init__("The call waited for the model until it was too late to answer it in time. Try again.")


class ModalityUnsupported(ServiceError):
    """The model has no tower for this kind of input."""

    reason = "MODALITY_UNSUPPORTED"

    def __init__(self, model: str, kind: str) -> None:
        super().__init__(f"The model {model} does not embed {kind}. Choose one that does with EMBEDDER_MODEL.")


class ModelLoading(ServiceError):
    """The model is still being fetched or loaded."""

    reason = "MODEL_LOADING"

    def __init__(self, detail: str) -> None:
        super().__init__(f"The model is not ready yet: {detail} Try again.", retry_after=1.0)


class ModelFailed(ServiceError):
    """The model can't be loaded, or what it computes makes no sense."""

    reason = "MODEL_FAILED"
