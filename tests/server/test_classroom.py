"""The class on one plot: what is taken and what is not, who may do what, and that a flood is its own."""

import asyncio
import json
import uuid

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from spicewidgets.server import classroom
from spicewidgets.server.application import guard
from spicewidgets.server.classroom import BURST, Classroom, class_handlers
from spicewidgets.server.visits import Visits

KEY = "known to the presenter"
POINT = [0.3, 0.1, 0.6, 2.5, 1.0, 5.0]


class Served:
    """A class with some pages, and requests as these make them."""

    def __init__(self, n_pages: int, most: int = 100) -> None:
        self.visits, self.room = Visits(n_pages), Classroom("Monday", most, KEY)
        self.pages = [str(uuid.uuid4()) for _ in range(n_pages)]
        for page in self.pages:
            self.visits.sent(page, "127.0.0.1")
        settings = {"visits": self.visits, "classroom": self.room}
        handlers = [(path, guard(one), settings) for path, one in class_handlers("/spice/")]
        app = Application(
            handlers, hosts=type("Any", (), {"allow": lambda self, host: True})(), xsrf_cookies=True
        )
        socket, self.port = bind_unused_port()
        self.server = HTTPServer(app)
        self.server.add_socket(socket)

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> HTTPResponse:
        sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/spice/class{path}"
        client = AsyncHTTPClient(max_clients=100)
        return await client.fetch(url, method=method, body=sent, headers=headers, raise_error=False)

    async def share(self, page: str, numbers: object = POINT, **more: object) -> HTTPResponse:
        return await self.ask("POST", f"/points/{page}", {"numbers": numbers} | more)

    async def seen(self, key: str = "") -> dict:
        await asyncio.sleep(0.1)  # what was shared is told together, in a moment
        return json.loads((await self.ask("GET", "/points", **{"X-Class-Key": key})).body)


@pytest.fixture(autouse=True)
def swift(monkeypatch):
    monkeypatch.setattr(classroom, "PAUSE", 0)
    monkeypatch.setattr(classroom, "GATHER", 0.01)


def run(trial, n_pages: int = 3, **options: int) -> None:
    async def begin():
        served = Served(n_pages, **options)
        try:
            await trial(served)
        finally:
            served.server.stop()

    asyncio.run(begin())


def test_a_point_is_seen_replaced_and_taken_back():
    async def trial(served: Served):
        one, two, _ = served.pages
        waiting = asyncio.create_task(served.ask("GET", "/points?since=0"))
        assert (await served.share(one, name="Ada")).code == 200
        news = json.loads((await waiting).body)  # a page that waits is told
        assert (news["title"], news["shared"]) == ("Monday", 1)
        assert news["points"] == [{"number": 1, "rate": POINT[:3], "precision": POINT[3:], "name": "Ada"}]
        assert one not in json.dumps(news)
        await served.share(one, [0.5, 0.1, 0.6, 2.5, 1.0, 5.0])
        assert [point["rate"][0] for point in (await served.seen())["points"]] == [0.5]
        await served.share(two, before=one)  # the same page, loaded anew
        assert [point["number"] for point in (await served.seen())["points"]] == [1]
        assert (await served.ask("DELETE", f"/points/{two}")).code == 200
        assert (await served.seen())["points"] == []

    run(trial)


WRONG = [
    None,
    [],
    POINT[:5],
    [*POINT, 1],
    [0.3, 0.4, 0.6, 2, 1, 5],  # outside of its interval
    [1.3, 0.1, 1.6, 2, 1, 5],
    [0.3, 0.1, 0.6, 2, 1, 500],
    ["0.3", 0.1, 0.6, 2, 1, 5],
    [True, 0, 1, 2, 1, 5],
    [float("nan"), 0, 1, 2, 1, 5],
]
NAMES = ["<b>x</b>", "<script>alert(1)</script>", "=1+1", "@x", "a" * 21, "a\nb", "a,b", 'a"b', 7, ["a"]]


def test_nothing_else_is_taken():
    async def trial(served: Served):
        pages = iter(served.pages)
        for numbers in WRONG:
            answer = await served.share(next(pages), numbers)
            assert (answer.code, answer.body.decode()) == (400, classroom.WRONG_POINT), numbers
        for name in NAMES:
            answer = await served.share(next(pages), name=name)
            assert (answer.code, answer.body.decode()) == (400, classroom.WRONG_NAME), name
        for body in (b"", b"{", b"[" * 400, b"\xff", b"x" * 40_000):
            assert (await served.ask("POST", f"/points/{next(pages)}", body)).code == 400
        assert (await served.share(str(uuid.uuid4()))).code == 404  # a page that there is not
        assert (await served.seen())["points"] == []

    run(trial, 30)


def test_only_who_presents_hides_and_clears():
    async def trial(served: Served):
        for page in served.pages:
            await served.share(page)
        for headers in ({}, {"X-Class-Key": "another"}):
            for what in ({"clear": True}, {"hide": 1}, {"hide": "all"}):
                assert (await served.ask("POST", "/desk", what, **headers)).code == 403
        desk = {"X-Class-Key": KEY}
        assert (await served.ask("POST", "/desk", {"hide": 2}, **desk)).code == 200
        assert [one["number"] for one in (await served.seen())["points"]] == [1, 3]
        assert [one.get("hidden") for one in (await served.seen(KEY))["points"]] == [None, True, None]
        await served.ask("POST", "/desk", {"hide": "all"}, **desk)
        assert (await served.seen())["points"] == []
        await served.ask("POST", "/desk", {"hide": "all"}, **desk)
        await served.ask("POST", "/desk", {"clear": True}, **desk)
        assert (await served.seen(KEY))["shared"] == 0
        assert (await served.ask("POST", "/desk", {"other": 1}, **desk)).code == 400

    run(trial)


def test_who_floods_and_who_sends_html_are_nobody_elses_business():
    async def trial(served: Served):
        flooder, rude, *others = served.pages
        flood = [served.share(flooder, name="flood") for _ in range(300)]
        bad = [served.share(rude, name="<img src=x onerror=alert(1)>") for _ in range(5)]
        answers = await asyncio.gather(*flood, *bad, *(served.share(page) for page in others))
        codes = [answer.code for answer in answers]
        assert codes[:300].count(429) >= 300 - 3 * BURST
        assert codes[300:305] == [400] * 5
        assert codes[305:] == [200] * len(others)
        points = (await served.seen())["points"]
        assert len(points) == len(others) + 1  # the flooder has one, as all
        assert {point["name"] for point in points} == {"", "flood"}

    run(trial, 20)


def test_points_are_bounded():
    async def trial(served: Served):
        codes = [(await served.share(page)).code for page in served.pages]
        assert codes == [200, 200, 400]
        assert (await served.share(served.pages[0])).code == 200  # in place of its own

    run(trial, 3, most=2)


def test_the_page_asks_nothing_of_others():
    async def trial(served: Served):
        answer = await served.ask("GET", "")
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert b"http:" not in answer.body.replace(b"http-equiv", b"")
        assert b"https:" not in answer.body

    run(trial)
