"""A training that is shown: how far it has been played back. Set by the runner, which keeps the time; read by
whoever draws.
"""

from typing import Any

from traitlets import Any as Anything, Bool, HasTraits, Int


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
        """Whether a training is being played back."""
        return self.epoch is not None

    def put(self, **values: Any) -> None:
        """Set several attributes; those who watch are told once all are set, of `epoch` last."""
        with self.hold_trait_notifications():
            for name in sorted(values, key="epoch".__eq__):
                setattr(self, name, values[name])

    def skip(self) -> None:
        """Show all of it at once."""
        self.put(equations=None, epoch=None)
