"""A document as LaTeX, its figures in files beside it."""

import re
from collections.abc import Sequence

from ..core.equations import Equation, latex_text
from .blocks import Block, Bullets, Code, Formulas, Heading, Paragraph, Picture, TableBlock

HEAD = r"""\documentclass[a4paper,10pt]{article}
\usepackage{iftex}
\ifPDFTeX
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\else % LuaLaTeX or XeLaTeX: names of people and groups in any script
\usepackage{fontspec}
\fi
\usepackage{textcomp,amsmath,booktabs,longtable,graphicx,array,ragged2e}
\usepackage[margin=22mm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}\setlength{\parskip}{.5em}
\setlength{\LTcapwidth}{\linewidth}
\sloppy
"""
LEVELS = {1: "title", 2: "section", 3: "subsection"}
# Signs of text that fonts of LaTeX have under another name.
NAMED = {
    "[": "{[}",  # which would be an option of what stands before it
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "−": r"\ensuremath{-}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "→": r"\ensuremath{\to}",
}
GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "η": "eta", "κ": "kappa", "λ": "lambda"}
GREEK |= {"ε": "epsilon", "μ": "mu", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi"}
NAMED |= {sign: rf"\ensuremath{{\{name}}}" for sign, name in GREEK.items()}
JOINED = re.compile(r"(?<=[-`',?!])(?=[-`',])")  # between signs that fonts of LaTeX would make one of
CELLS = 12  # columns from which on a table is set smaller
LONG = 120  # characters of an equation that fit a line


def latex(title: str, blocks: Sequence[Block]) -> str:
    """Return the document; figures are `figures/NAME.pdf`.

    Args:
        title: of the document.
        blocks: what it is made of; the heading of level 1 is left out, as the title stands for it.
    """
    body = "\n\n".join(
        _block(block) for block in blocks if not (isinstance(block, Heading) and block.level == 1)
    )
    return (
        f"{HEAD}\\title{{{plain(title)}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n\n{body}\n\n"
        "\\end{document}\n"
    )


def plain(text: str) -> str:
    """Text in which no sign means anything to LaTeX."""
    words = latex_text(text)
    for sign, name in NAMED.items():
        words = words.replace(sign, name)
    return JOINED.sub("{}", words)


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"\\{LEVELS[block.level]}{{{plain(block.text)}}}"
    if isinstance(block, Paragraph):
        return plain(block.text)
    if isinstance(block, Bullets):
        items = "\n".join(f"\\item {plain(item)}" for item in block.items)
        return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"
    if isinstance(block, Code):
        lines = "\\\\\n".join(plain(line).replace(" ", r"\ ") or "~" for line in block.text.split("\n"))
        return f"{{\\small\\ttfamily\\raggedright\n{lines}\\par}}"
    if isinstance(block, TableBlock):
        return _table(block)
    if isinstance(block, Picture):
        parts = (
            r"\begin{figure}[htbp]",
            r"\centering",
            rf"\includegraphics[width=\linewidth]{{figures/{block.name}.pdf}}",
            rf"\caption{{{plain(block.caption)}}}",
            r"\end{figure}",
        )
        return "\n".join(parts)
    return _formulas(block)


def _formulas(block: Formulas) -> str:
    lines = [_broken(equation) for equation in block.equations]
    lines += [rf"\beta_{{\text{{{plain(state)}}}}} &= {value:.3f}" for state, value in block.betas.items()]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _broken(equation: Equation) -> str:
    """Return an equation whose lines are broken before a sign."""
    left, _, right = equation.latex().partition(" = ")
    lines = [""]
    for term in re.split(r" (?=[+-])", right):
        if len(lines[-1]) + len(term) > LONG and lines[-1]:
            lines.append("")
        lines[-1] += f" {term}"
    return f"{left} &={lines[0]}" + "".join(f" \\\\\n&\\quad{line}" for line in lines[1:])


def _table(block: TableBlock) -> str:
    n = len(block.names)
    wide = set(block.wordy)
    share = 0.72 / max(len(wide), 1)
    columns = "".join(
        rf">{{\RaggedRight}}p{{{share:.2f}\linewidth}}" if place in wide else "l" if place == 0 else "r"
        for place in range(n)
    )
    size = "\\scriptsize" if n >= CELLS or wide else "\\footnotesize"
    head = " & ".join(plain(name) for name in block.names)
    rows = "\n".join(" & ".join(plain(cell) for cell in row) + r" \\" for row in block.rows)
    note = f"\n\n{{\\footnotesize {plain(block.note)}\\par}}" if block.note else ""
    return (
        f"{{{size}\\setlength{{\\tabcolsep}}{{3pt}}\n\\begin{{longtable}}{{{columns}}}\n\\caption{{{plain(block.caption)}}}\\\\\n\\toprule\n{head}"
        f" \\\\\n\\midrule\n\\endhead\n{rows}\n\\bottomrule\n\\end{{longtable}}}}{note}"
    )
