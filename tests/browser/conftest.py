"""What the browser tests share: a Chromium, pages that watch themselves, and servers that are started once.

All of them run in one process, one after the other (tests/conftest.py sees to it). `make test` brings what
they need; without it they are skipped.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress

import chromium
import pytest
import servers
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

PATIENCE = 60_000  # ms, for a busy machine; nothing waits longer than it must
expect.set_options(timeout=PATIENCE)
# What a page may ask for: this machine; and the badge in a notebook, where all its cells are shown.
LOCAL = re.compile(r"^(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|^(data|blob|about):|/colab-badge\.svg$")
# Said by Jupyter of its own parts, of no harm here.
NOISE = re.compile(r"Unsatisfied version|ERR_NAME_NOT_RESOLVED|ERR_CONNECTION_REFUSED")
# Said by bqplot of a figure that has no room yet, where there is no page of ours to mend it.
IN_LAB = re.compile(r"<rect> attribute (width|height): A negative")
WIDGETS_7 = os.environ.get("WIDGETS_7", "")  # the Python of an environment as Colab's; `make test` sets it


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip("There is no Chromium; `make test` installs one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[object]:
    """Opens pages that remember what goes wrong in them; at the end nothing may have."""
    contexts, wrong = [], []

    def make(width: int = 1280, height: int = 900, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error in the page: {error}"))
        page.on("console", lambda message: wrong.append(message.text) if is_wrong(message) else None)
        page.on(
            "request", lambda request: wrong.append(request.url) if not LOCAL.search(request.url) else None
        )
        page.wrong = wrong
        return page

    yield make
    for context in contexts:
        for page in context.pages:
            leave(page)
        context.close()
    assert wrong == []


def leave(page: Page) -> None:
    """Close a page as who leaves it does.

    A page that is cut off has no time to end its kernel, and the kernels of all tests together are more than
    a machine holds.
    """
    with suppress(Error), page.expect_event("close", timeout=5000):
        page.close(run_before_unload=True)


def is_wrong(message: object) -> bool:
    in_lab = "/lab" in message.page.url and IN_LAB.search(message.text)
    return message.type == "error" and not (in_lab or NOISE.search(message.text))


@pytest.fixture
def page(new_page) -> Page:
    return new_page()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp


@pytest.fixture(scope="session")
def app(folder) -> Iterator[str]:
    """The explorer as `spicewidgets app` serves it."""
    with servers.app(folder("app")) as url:
        yield url


@pytest.fixture(scope="session")
def app_7(folder) -> Iterator[str]:
    """The same with ipywidgets 7 and what else Colab has."""
    if not WIDGETS_7:
        pytest.skip("There is no second environment; `make test` makes one.")
    with servers.app(folder("app7"), "--pool", "0", python=WIDGETS_7) as url:
        yield url


@pytest.fixture(scope="session")
def notebooks(folder) -> Iterator[str]:
    """Voila on all our notebooks."""
    with servers.notebooks(folder("notebooks")) as url:
        yield url


@pytest.fixture(scope="session")
def binder(folder) -> Iterator[str]:
    with servers.binder(folder("binder")) as url:
        yield url


@pytest.fixture(scope="session")
def lab(folder) -> Iterator[str]:
    with servers.lab(folder("lab")) as url:
        yield url
