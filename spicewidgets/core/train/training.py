"""Training: a generator of records. It says what happened in each epoch; whoever asks for the next one draws,
prints or stops.
"""

from collections.abc import Iterator

from torch import nn

from ..data.dataset import DatasetRNN
from ..data.entry import as_dataset
from ..random import RandomState, generator
from ..settings import SettingsError, Training
from .descents import run_adam, run_lbfgs, run_variational
from .objective import Sessions, embedding_places
from .rnn import BaseRNN
from .run import Epoch, Run
from .screening import random_starts, run_screened, starts_for

__all__ = ["Epoch", "set_dropout", "starts_for", "train", "uses_lbfgs"]


def uses_lbfgs(model: BaseRNN, settings: Training) -> bool:
    """Tell whether the loss is the same at each call and of the whole data set, as L-BFGS needs it, and Adam
    was not asked for.
    """
    layers = [module.p for module in model.modules() if isinstance(module, nn.Dropout)]
    shares = [model.dropout, *layers] if settings.dropout is None else [settings.dropout]
    random = settings.bagging or settings.scheduler or any(share > 0 for share in shares)
    whole = settings.batch_size is None and settings.n_steps_per_call is None
    if settings.optimizer == "lbfgs" and (random or not whole):
        raise SettingsError(
            [
                'optimizer="lbfgs" needs the same loss at every call: the whole data set, without dropout,'
                " bagging, batches, scheduler or truncated steps. Leave these out, or choose"
                ' optimizer="adam".'
            ]
        )
    return settings.optimizer != "adam" and whole and not random


def set_dropout(model: BaseRNN, share: float) -> None:
    """Set the share that a model's dropout layers (of embeddings) leave out; a model without them leaves out
    updates.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    for layer in layers:
        layer.p = share
    model.dropout = 0.0 if layers else share


def train(
    model: BaseRNN,
    dataset: DatasetRNN | Sessions,
    settings: Training | None = None,
    validation: DatasetRNN | Sessions | None = None,
    *,
    warm_start: bool = False,
    random_state: RandomState = None,
    compiled: bool | str = "auto",
    test: DatasetRNN | Sessions | None = None,
) -> Iterator[Epoch]:
    """Train a model in place, one epoch for each record that is asked for.

    To stop, ask no more (or call `.close()`): the model then has the best weights so far. They are those of
    the lowest validation loss, or of the lowest training loss without validation data.

    Args:
        model: the model; its weights are the first start.
        dataset: training sessions; participants are given as indices 0, 1, ... in the last column.
        settings: see `Training`.
        validation: sessions that no gradient comes from, but that choose the weights that are kept.
        warm_start: go on from the model's weights, with no other starts.
        random_state: for the other starts, batches and dropout.
        compiled: whether to compile the model's forward first; "auto" does where the training is long enough
            for it. What cannot be compiled is trained all the same, and the records say why.
        test: sessions whose loss is recorded in every epoch, and which steer nothing.

    Yields:
        One `Epoch` after each epoch. The last one carries a `note` if the run is stuck, unstable, or has
        diverged.

    Raises:
        SettingsError: data or settings cannot be used.
    """
    settings = (settings or Training()).checked()
    rng = generator(random_state)
    sessions = _laid_out(model, dataset)
    windows = sessions if settings.sequence_length is None else sessions.windows(settings.sequence_length)
    held_out = None if validation is None else _laid_out(model, validation)
    tested = None if test is None else _laid_out(model, test)
    run = Run(model, windows, settings, rng, compiled, held_out, sessions.floor, tested)
    finish = run_lbfgs if uses_lbfgs(model, settings) else run_adam
    if finish is run_lbfgs and settings.optimizer == "auto" and embedding_places(model).any():
        finish = run_variational
    if settings.dropout is not None:
        set_dropout(model, settings.dropout)
    n_starts = (
        1 if warm_start else settings.n_starts or (1 if settings.optimizer == "adam" else starts_for(model))
    )
    model.train()
    try:
        yield from run_screened(run, random_starts(run, n_starts), finish) if n_starts > 1 else finish(run)
    finally:
        run.restore_best()
        model.eval()


def _laid_out(model: BaseRNN, data: DatasetRNN | Sessions) -> Sessions:
    """Sessions as they are; a data set, which comes from outside, is checked first."""
    return Sessions.of(as_dataset(data, model._n_actions)) if isinstance(data, DatasetRNN) else data
