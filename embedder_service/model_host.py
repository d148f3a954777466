"""The model's life in the service: it loads in the background, is tried out, and then embeds."""

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar, cast

import structlog

from embedder_service.embedder import Embedder
from embedder_service.encoder import Encoder, LoadedModel, ModelCard, NoFasterForm, Report
from embedder_service.errors import ModelFailed, ModelLoading
from embedder_service.sanity import check_encoder

_log = structlog.stdlib.get_logger("model")

_LOADING_POLL_SECONDS = 0.05
_LAST_BATCH_SECONDS = 5.0

Result = TypeVar("Result")


class State(Enum):
    """How far the model is; as imagesearch.embedder.v1.ModelState."""

    LOADING = "loading"
    READY = "ready"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True)
class ModelStatus:
    """How far the model is, in words and as a share (0 to 1; 0 where it is not known)."""

    state: State
    name: str
    detail: str = ""
    progress: float = 0.0
    card: ModelCard | None = None


class ModelHost:
    """Holds the model. `load` is called in a thread of its own, with a function that it tells its progress to."""

    def __init__(self, name: str, load: Callable[[Report], LoadedModel], serve: Callable[[Encoder], Embedder]) -> None:
        self._load = load
        self._serve = serve
        self._embedder: Embedder | None = None
        self._improving: asyncio.Task[bool] | None = None
        self.status = ModelStatus(State.LOADING, name, "Starting.")

    @property
    def embedder(self) -> Embedder:
        """The model in service. Raises ModelLoading or ModelFailed while there is none."""
        if self._embedder is not None:
            return self._embedder
        if self.status.state is State.FAILED:
            raise ModelFailed(self.status.detail)
        raise ModelLoading(self.status.detail)

    async def loaded_embedder(self, patience: float) -> Embedder:
        """As `embedder`, but a model that is read from the disk, as after a restart, is awaited for `patience` seconds.

        One that is downloaded is not: that takes minutes, and its progress is known.
        """
        end = time.monotonic() + patience
        while self.status.state is State.LOADING and not self.status.progress and time.monotonic() < end:
            await asyncio.sleep(_LOADING_POLL_SECONDS)
        return self.embedder

    async def load(self) -> bool:
        """Loads the model and tries it out. False if it failed; `status` then says why."""
        try:
            model = await _in_thread("loader", self._loaded)
        except ModelFailed as error:
            self._fail(error.message)
            return False
        except Exception as error:
            _log.exception("loading failed", exc_info=error)
            self._fail(f"{self.status.name} could not be loaded ({type(error).__name__}: {error}). The log says more.")
            return False
        embedder = self._embedder = await self._serve(model.encoder).__aenter__()
        card = model.encoder.card
        state = State.DEGRADED if model.degraded_because else State.READY
        self.status = ModelStatus(state, card.name, model.degraded_because, 1.0, card)
        _log.info("the model is ready", id=card.id, dimensions=card.dimensions, runtime=card.runtime)
        for sentence in (model.degraded_because, card.notice):
            if sentence:
                _log.warning(sentence)
        if model.faster is not None:
            self._improving = asyncio.create_task(self._improve(embedder, model.faster))
        else:
            _tell_form(card)
        return True

    async def close(self) -> None:
        """Stops computing."""
        if self._improving is not None:
            self._improving.cancel()
        if self._embedder is not None:
            await self._embedder.__aexit__(None, None, None)

    async def settled(self) -> bool:
        """Waits until no faster form is being worked out. False if that failed; the status's card then says why."""
        return self._improving is None or await self._improving

    def _loaded(self, alive: asyncio.AbstractEventLoop) -> LoadedModel:
        def report(detail: str, progress: float) -> None:
            with suppress(RuntimeError):  # the service has stopped meanwhile
                alive.call_soon_threadsafe(self._report, detail, progress)

        model = self._load(report)
        report("Trying the model out.", 0.0)
        check_encoder(model.encoder)
        return model

    async def _improve(self, embedder: Embedder, faster: Callable[[], Encoder]) -> bool:
        _log.info("a faster form of the model is being worked out; the present one serves meanwhile")
        try:
            encoder = await _in_thread("forms", lambda loop: faster())
            if (encoder.card.precision, encoder.card.runtime) != (embedder.card.precision, embedder.card.runtime):
                # It may share a tower or a tokenizer with the present one, and those are for one thread at a time.
                await embedder.between_batches(lambda: check_encoder(encoder))
        except NoFasterForm as error:
            return self._stay(embedder, str(error))
        except Exception as error:
            _log.exception("no faster form could be worked out", exc_info=error)
            return self._stay(embedder, f"{type(error).__name__}: {error}.")
        embedder.replace_encoder(encoder)
        self.status = replace(self.status, card=encoder.card)
        # The former one's weights lie in cycles that are rarely looked for, and its last batch may still be running.
        asyncio.get_running_loop().call_later(_LAST_BATCH_SECONDS, gc.collect)
        _tell_form(encoder.card)
        return True

    def _stay(self, embedder: Embedder, reason: str) -> bool:
        detail = f"No faster form could be worked out. {reason} The reference serves."
        card = replace(embedder.card, form_detail=detail)
        self.status = replace(self.status, card=card)
        _tell_form(card)
        return False

    def _report(self, detail: str, progress: float) -> None:
        if self.status.state is State.LOADING:
            if detail != self.status.detail:
                _log.info(detail)
            self.status = replace(self.status, detail=detail, progress=progress)

    def _fail(self, sentence: str) -> None:
        _log.error("the model failed", detail=sentence)
        self.status = replace(self.status, state=State.FAILED, detail=sentence, progress=0.0)


def _tell_form(card: ModelCard) -> None:
    _log.info("the model's form", precision=card.precision, runtime=card.runtime)
    if card.form_detail:
        _log.warning(card.form_detail)


async def _in_thread(name: str, function: Callable[[asyncio.AbstractEventLoop], Result]) -> Result:
    """Calls it in a daemon thread: a download that hangs must not keep the process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("Result", result))

    def run() -> None:
        result: Result | None = None
        failure: BaseException | None = None
        try:
            result = function(loop)
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the service has stopped meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
