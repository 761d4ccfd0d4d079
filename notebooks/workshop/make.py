"""Make slides and handout: `make workshop`, or `python notebooks/workshop/make.py out/workshop`.

The slides are the notebook, run, with reveal.js from npm beside them; the handout is printed by Chromium.
Neither needs a network afterwards.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from nbconvert import SlidesExporter
from traitlets.config import Config

HERE = Path(__file__).parent
SCRIPTS = re.compile(r"<script\b.*?</script>|<link\b[^>]*\bhref=\"https?://[^>]*>", re.DOTALL)
START = """<style>
.reveal h1, .reveal h2 { text-transform: none }
.reveal .slides section, .reveal .slides section * { font-family: system-ui, "DejaVu Sans", sans-serif }
.reveal .jp-RenderedHTMLCommon { font-size: 30px } .reveal .jp-RenderedHTMLCommon h2 { font-size: 44px }
.reveal .slides section pre, .reveal .slides section pre * { font: 26px/1.4 "DejaVu Sans Mono", monospace }
</style>
<script src="reveal.js/dist/reveal.js"></script>
<script>Reveal.initialize({ hash: true, slideNumber: true, width: 1280, height: 800 })</script>
</body>"""
REVEAL = "reveal.js@5"
STYLE = """<meta charset="utf-8"><title>What do you learn from a reward?</title><style>
@page { size: A4; margin: 14mm 16mm }
body { font: 10.5pt/1.4 system-ui, "DejaVu Sans", sans-serif }
h1 { font-size: 16pt; margin: 0 0 6pt } h2 { font-size: 12pt; margin: 9pt 0 3pt } p { margin: 4pt 0 }
pre { margin: 3pt 0 3pt 12pt; font-size: 10.5pt } table { border-collapse: collapse; width: 100% }
td, th { border: .5pt solid #777; padding: 4pt; text-align: left } td { height: 15pt }
</style>"""


def make_slides(folder: Path) -> Path:
    """Run the notebook of the slides and write them, with reveal.js, into a folder."""
    notebook = nbformat.read(HERE / "slides.ipynb", as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    config = Config(
        {"SlidesExporter": {"reveal_url_prefix": "reveal.js", "reveal_theme": "white", "exclude_input": True}}
    )
    body, _ = SlidesExporter(config=config).from_notebook_node(notebook)
    body = SCRIPTS.sub("", body).replace("</body>", START)  # nbconvert's own scripts come from the network
    (folder / "slides.html").write_text(body, encoding="utf-8")
    return folder / "slides.html"


def fetch_reveal(folder: Path) -> None:
    """Put reveal.js beside the slides, from npm."""
    subprocess.run(["npm", "pack", "--silent", REVEAL], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (packed,) = folder.glob("reveal.js-*.tgz")
    shutil.unpack_archive(packed, folder)
    packed.unlink()
    shutil.rmtree(folder / "reveal.js", ignore_errors=True)
    (folder / "package").rename(folder / "reveal.js")


def make_handout(folder: Path) -> Path:
    """Write the handout as a page, and print it as a PDF."""
    from playwright.sync_api import sync_playwright

    text = MarkdownIt().enable("table").render((HERE / "handout.md").read_text(encoding="utf-8"))
    page = folder / "handout.html"
    page.write_text(STYLE + text, encoding="utf-8")
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if path else [])
        tab = browser.new_page()
        tab.goto(page.as_uri())
        tab.pdf(path=folder / "handout.pdf", prefer_css_page_size=True)
        browser.close()
    return folder / "handout.pdf"


if __name__ == "__main__":
    out = Path(sys.argv[1]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    fetch_reveal(out)
    print(make_slides(out), make_handout(out))
