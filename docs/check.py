"""Check the site that was built, and say how large it is: `python docs/check.py out/site`.

Each link within it, those of raw HTML and of the API's pages included, has to lead to a file, and of these pages to a
place in it; what readers have asked for has to be found by its search, all words of a question on the page that
answers it.
"""

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.search.en import SearchEnglish

ASKED = {
    "missing trials": "how-to/my-table",
    "different numbers of trials": "how-to/my-table",
    "two groups": "how-to/two-groups",
    "beta": "how-to/good-result",
    "nat": "how-to/good-result",
    "learning rule": "how-to/own-mechanism",
    "cluster": "how-to/cluster",
    "cite": "how-to/cite",
}


class Page(HTMLParser):
    """Links and places of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to and what it is called."""
        named = dict(attrs)
        self.links += [link for name in ("href", "src") if (link := named.get(name))]
        self.places |= {place for name in ("id", "name") if (place := named.get(name))}


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    """Yield the links that lead nowhere."""
    for file, page in pages.items():
        for link in page.links:
            if not re.match(r"[a-z]+:|//", link):
                path, place = map(unquote, (urlsplit(link).path, urlsplit(link).fragment))
                target = (file.parent / path).resolve() if path else file
                there = target not in pages or place in pages[target].places or "api" in target.parts
                if not target.is_file() or not there:
                    yield f"{file.name}: {link}"


def unanswered(folder: Path) -> Iterator[str]:
    """Yield the questions whose page the search does not find."""
    text = (folder / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    language = SearchEnglish({})
    for words, page in ASKED.items():
        wanted = index["docnames"].index(page)
        for word in map(language.stem, filter(language.word_filter, words.split())):
            found = [index[kind].get(word, []) for kind in ("terms", "titleterms")]
            if not any(wanted == each or (isinstance(each, list) and wanted in each) for each in found):
                yield f"{words}: {word} is not on {page}"


def main() -> None:
    """Check, and print how many there are of each thing."""
    folder = Path(sys.argv[1]).resolve()
    files = [*folder.rglob("*.html")]
    pages = {file: Page(file.read_text(encoding="utf-8")) for file in files}
    links = {(file, link) for file, page in pages.items() for link in page.links}
    external = {link for _, link in links if re.match(r"https?:", link)}
    ran = sum(page.read_text(encoding="utf-8").count('class="cell docutils') for page in files)
    wrong = [*broken(pages), *unanswered(folder)]
    print(
        f"{len(pages)} pages, {ran} examples that were run, {len(links) - len(external)} links within them,"
        f" {len(external)} to other places."
    )
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
