"""A template for a plug-in: one mechanism, which stands in the participant, the rivals and the report."""

from spicewidgets.core.mechanism import AsRival, Mechanism, Memory, ParameterSpec, Trial, Values


class Liking(Mechanism):
    """What was chosen is liked more for it."""

    name = "liking"
    words = "what was chosen gains in value, whatever it paid"
    parameters = (
        ParameterSpec("liking", "What a choice adds to its value.", "Liking", "l", "l", unit="per trial"),
    )
    equation = "Q_c += liking"
    rival = AsRival(
        "liking", "RW + liking", "RW+ liking", "Sharot et al. 2010, Psychological Science 21: 1231", size=0.1
    )

    def change(self, p: Values, state: Memory, trial: Trial) -> Memory:
        """Add to the value of the choice."""
        return {"value": trial.chosen * p.liking}
