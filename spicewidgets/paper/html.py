"""A document as one HTML file that needs no other, on a screen and on paper."""

import re
from collections.abc import Sequence
from html import escape

from ..core.equations import Equation
from ..markup import Html, bullets, code_block, escape_text, table
from .blocks import Block, Bullets, Code, Formulas, Heading, Paragraph, Picture, TableBlock

STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#222;overflow-wrap:break-word;
 font:16px/1.55 system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
main{max-width:64rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:.2em 0 .8em}
h2{font-size:1.25rem;margin:2.2em 0 .6em;padding-top:.4em;border-top:1px solid #d5d8dc}
h3{font-size:1.05rem;margin:1.6em 0 .4em}
p,ul{max-width:46rem;margin:.6em 0;overflow-wrap:anywhere}
li{margin:.25em 0}
a{color:#1a5fb4}
nav ol{columns:2;max-width:46rem;padding-left:1.4em;margin:.4em 0 1.5em}
.scroll{overflow-x:auto;margin:1.2em 0}
.scroll:focus-visible,pre:focus-visible{outline:2px solid #1a5fb4}
table{border-collapse:collapse;min-width:min(36rem,100%);font-size:.83rem;line-height:1.35;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:.4em;max-width:46rem}
th,td{padding:.28em .7em;text-align:right;vertical-align:top;border-bottom:1px solid #e3e6e9}
thead th{border-bottom:1.5px solid #555;font-weight:600;vertical-align:bottom}
th:first-child,th.wordy,td.wordy{text-align:left}
th[scope=row]{font-weight:400}
.note{font-size:.83rem;color:#4a4f55;margin:-.6em 0 1.4em}
figure{margin:1.4em 0}
figure svg{max-width:100%;height:auto;display:block}
figcaption{font-size:.83rem;color:#333;max-width:46rem;margin-top:.4em}
.equation{margin:.7em 0;padding-left:1.5rem;text-indent:-1.5rem;line-height:1.9;overflow-x:auto}
math{font-size:1.02em}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f5f6;padding:.8em 1em;font-size:.83rem;
 max-width:60rem}
@media (max-width:40rem){nav ol{columns:1}}
@media print{
 @page{size:A4;margin:16mm 14mm}
 body{font-size:9.5pt;line-height:1.4}
 main{max-width:none;padding:0}
 nav{display:none}
 h2,h3{break-after:avoid}
 p,ul{max-width:none;orphans:3;widows:3}
 figure,tr,.equation{break-inside:avoid}
 thead{display:table-header-group}
 .scroll{overflow:visible}
 table{font-size:7pt;width:100%}
 th,td{padding:1.5pt 3pt}
 .note,figcaption{font-size:7.5pt}
 pre{font-size:7.5pt}
 a{color:inherit;text-decoration:none}
}
"""


def html(title: str, blocks: Sequence[Block]) -> str:
    """Return the document.

    Args:
        title: of the page.
        blocks: what it is made of.
    """
    headings = [block for block in blocks if isinstance(block, Heading) and block.level == 2]
    links = Html(
        "".join(
            f'<li><a href="#part-{place}">{escape(heading.text)}</a></li>'
            for place, heading in enumerate(headings)
        )
    )
    body: list[str] = []
    parts, tables, figures = 0, 0, 0
    for block in blocks:
        if isinstance(block, Heading):
            named = f' id="part-{parts}"' if block.level == 2 else ""
            parts += block.level == 2
            body.append(f"<h{block.level}{named}>{escape(block.text)}</h{block.level}>")
            if block.level == 1 and links:
                body.append(f'<nav aria-label="Contents"><ol>{links}</ol></nav>')
        elif isinstance(block, TableBlock):
            tables += 1
            body.append(_table(block, tables))
        elif isinstance(block, Picture):
            figures += 1
            body.append(_picture(block, figures))
        else:
            body.append(_running(block))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def _running(block: Paragraph | Bullets | Formulas | Code) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Bullets):
        return bullets(block.items)
    if isinstance(block, Code):
        return code_block(block.text)
    lines = [_wrap(equation) for equation in block.equations]
    lines += [f"beta of {escape(state)} = {value:.3f}" for state, value in block.betas.items()]
    return "".join(f'<div class="equation">{words}</div>' for words in lines)


def _wrap(equation: Equation) -> str:
    """Return an equation in MathML that can be broken into lines before each sign."""
    left, _, right = equation.mathml().partition("<mo>=</mo>")
    inner = right.removesuffix("</math>")
    terms = re.split(r" (?=<mo>(?:\+|&#8722;)</mo>)", inner)
    head = left[left.index(">") + 1 :]
    signed = [term.replace("<mo>", '<mo form="infix">', 1) for term in terms[1:]]
    pieces = [f"{head}<mo>=</mo>{terms[0]}", *signed]
    apart = '<mo>&#8290;</mo><mspace width=".25em"/>'  # a number from a name
    return " ".join(f"<math>{piece.replace('<mo>&#8290;</mo>', apart)}</math>" for piece in pieces)


def _table(block: TableBlock, number: int) -> str:
    def cell(place: int, text: str) -> str:
        return Html(f'<span class="wordy">{escape_text(text)}</span>') if place in block.wordy else text

    rows = [[cell(place, text) for place, text in enumerate(row)] for row in block.rows]
    names = [cell(place, name) for place, name in enumerate(block.names)]
    text = table(f"Table {number}. {block.caption}", names, rows, ("scroll", ""))
    # A cell that holds words begins at the left, and so does its head.
    text = Html(text.replace('<td><span class="wordy">', '<td class="wordy"><span>'))
    text = Html(text.replace('<th scope="col"><span class="wordy">', '<th scope="col" class="wordy"><span>'))
    return text + (f'<p class="note">{escape(block.note)}</p>' if block.note else "")


def _picture(block: Picture, number: int) -> str:
    caption = f"Figure {number}. {block.caption}"
    drawing = block.svg.replace("<svg", f'<svg role="img" aria-label="{escape(caption)}"', 1)
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
