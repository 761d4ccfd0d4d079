"""Which model was found where which was simulated: a table with heat, as HTML."""

from collections.abc import Mapping, Sequence

from numpy.typing import NDArray

from ..markup import Html, escape_text, region

MOST_INK = 0.36  # so that numbers stay readable in both themes


def confusion(names: Sequence[str], brief: Mapping[str, str], counts: NDArray) -> Html:  # type: ignore[type-arg]
    """Return counts, a row for each simulated model; the darker, the larger the share of its row.

    Args:
        names: of the models.
        brief: shorter names, where there are.
        counts: `(n_models, n_models)`.
    """
    totals = counts.sum(axis=1)
    head = "".join(f'<th scope="col">{escape_text(brief.get(name, name))}</th>' for name in names)
    body = ""
    for at, name in enumerate(names):
        cells = "".join(_cell(int(n), int(totals[at]), place == at) for place, n in enumerate(counts[at]))
        body += f'<tr><th scope="row">{escape_text(brief.get(name, name))}</th>{cells}</tr>'
    return region(
        "Model found",
        Html(
            '<table class="sw-heat"><caption class="sw-sr">People by the model that was simulated (rows) and'
            f" the one that was the best (columns)</caption><thead><tr><td></td>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        ),
    )


def _cell(n: int, total: int, own: bool) -> str:
    ink = MOST_INK * n / total if total else 0.0
    looks = ' class="sw-right"' if own else ""
    words = f"{n}" if n else '<span class="sw-sr">0</span>' if total else ""
    return f'<td{looks} style="--heat:{ink:.3f}">{words}</td>'
