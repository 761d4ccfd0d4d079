"""What has happened: the run that is under way or has ended, and how far its training has been played back.

Set by the runner only, who keeps the time; read by anyone.
"""

from typing import Any

from traitlets import Any as Anything, Bool, Enum, Float, HasTraits, Int, Tuple, Unicode

STATUSES = ("idle", "running", "stopping", "done", "failed", "cancelled")
BUSY = ("running", "stopping")
EARLIER = 5  # runs whose curves are kept


class RunState(HasTraits):
    """The run. `history` holds a dictionary for each epoch, with the fields of `core.training.Epoch`.

    Several attributes change together: those who watch are told when all are set, and `status` and
    `result_revision` tell of the end.
    """

    status = Enum(STATUSES, "idle", help="Where the run stands.")
    phase = Unicode(
        "",
        help="Load, recall, simulate, screen, lbfgs, adam, equations, compare, advise or study.",
    )
    epoch = Int(0, help="Epochs run.").tag(unit="epochs")
    epochs = Int(0, help="Most epochs of this run.").tag(unit="epochs")
    message = Unicode("", help="A sentence on how it stands.")
    details = Unicode("", help="The traceback of an error, as plain text.")
    notes = Tuple(help="Sentences that should be known of the fit.")
    history = Tuple(help="A dictionary for each epoch of this run.")
    earlier = Tuple(help="The histories of earlier runs, the latest last.")
    seconds_left = Float(None, allow_none=True, help="At most, at the present rate.").tag(unit="s")
    rate = Float(None, allow_none=True, help="Speed of the training.").tag(unit="epochs per second")
    live = Anything(
        None, help="The equations of the present weights, a `SpiceModel`, while the training goes on."
    )
    glimpses = Tuple(help="Epoch and `Look` of each look at the weights of the run that goes on.")
    study = Unicode("", help="The study that is under way, as in `STUDIES`; else empty.")
    failed_study = Unicode("", help="The study that has failed, while the status tells so; else empty.")
    part = Int(0, help="Parts of the study done.").tag(unit="parts")
    parts = Int(0, help="Parts of the study; 0 while that is not known.").tag(unit="parts")
    studied_revision = Int(0, help="Counts the changes of what the studies say.")
    result_revision = Int(0, help="Counts the results; a new one can be read when it changes.")

    revision = Int(0, help="Counts the changes: however much has changed at once, it changes once.")

    @property
    def busy(self) -> bool:
        """Tell whether a run is under way."""
        return self.status in BUSY

    def put(self, **values: Any) -> None:
        """Set several attributes; those who watch are told once all are set."""
        with self.hold_trait_notifications():
            for name, value in values.items():
                setattr(self, name, value)
            self.revision += 1

    def shelve(self) -> None:
        """Put the history among the earlier ones, to make room for a new run."""
        if self.history:
            self.earlier = (*self.earlier, self.history)[-EARLIER:]
            self.history = ()

    def forget(self) -> None:
        """Forget all curves, as before the first run."""
        texts = dict.fromkeys(("phase", "message", "details"), "")
        tuples = dict.fromkeys(("history", "earlier", "notes", "glimpses"), ())
        self.put(
            **texts,
            **tuples,
            status="idle",
            epoch=0,
            epochs=0,
            rate=None,
            seconds_left=None,
            result_revision=self.result_revision + 1,
            studied_revision=self.studied_revision + 1,
        )


class Playback(HasTraits):
    """A training takes a fraction of a second, too short to be seen; played back it takes a few. Results do
    not wait for it.

    Attributes:
        watched: whether somebody looks on; without, nothing is played. Set by the panels that draw it.
        still: whether the page asks for little motion; then nothing is played.
        epoch: how many epochs are on show, 0 before the first; None while nothing is played, when all are.
        epochs: how many there are so far.
        equations: those of the weights at that epoch, a `SpiceModel` of the first participant, as
            `RunState.live`; None before the first look at them, and while nothing is played.
    """

    watched = Bool(False)
    still = Bool(False)
    epoch = Int(None, allow_none=True).tag(unit="epochs")
    epochs = Int(0).tag(unit="epochs")
    equations = Anything(None)

    @property
    def playing(self) -> bool:
        """Tell whether a training is being played back."""
        return self.epoch is not None

    def put(self, **values: Any) -> None:
        """Set several attributes; those who watch are told once all are set, of `epoch` last."""
        with self.hold_trait_notifications():
            for name in sorted(values, key="epoch".__eq__):
                setattr(self, name, values[name])

    def skip(self) -> None:
        """Show all of it at once."""
        self.put(equations=None, epoch=None)
