"""What a stranger reaches without a login: each route of the server's own table, and what it answers.

A route that is not in this list fails the test, so that one of a new Voila or Jupyter is looked at.
"""

import gzip
import http.client
import json
import os
import re
import socket
import sys
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
import servers
import tornado.web
from learner import Learner
from websocket import ABNF, WebSocketBadStatusException, WebSocketConnectionClosedException, create_connection

from spicewidgets.cli import serve
from spicewidgets.server.application import HEADERS, MOST_BODY, Hosts, hardened_voila
from spicewidgets.server.files import A_WHILE, CHUNKS, FOR_EVER, MOST_CHUNK_BYTES, SCRIPT
from spicewidgets.server.frames import PROTOCOL
from spicewidgets.server.visits import CONNECT

KERNEL = "00000000-0000-0000-0000-000000000000"  # there is none of this name
NO, NOT_SO, NOWHERE = 403, 405, 404
# By route: what is asked, and the answer. 403 is also for what lacks the page's own cookie.
ANSWERS = {
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)$": [
        ("GET", f"/api/kernels/{KERNEL}", NOWHERE),
        ("DELETE", f"/api/kernels/{KERNEL}", NO),
        ("POST", f"/api/kernels/{KERNEL}", NO),
        ("PATCH", f"/api/kernels/{KERNEL}", NO),
    ],
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels$": [
        ("GET", f"/api/kernels/{KERNEL}/channels", NOWHERE),
        ("POST", f"/api/kernels/{KERNEL}/channels", NO),
    ],
    r"/voila/templates/(.*)$": [
        ("GET", "/voila/templates/lab/static/voila.js", 200),
        ("GET", "/voila/templates/", NOWHERE),
        ("GET", "/voila/templates/x", NOWHERE),
        ("GET", "/voila/templates/a/b/c", NOWHERE),
        ("GET", "/voila/templates//static//", NOWHERE),
        ("GET", "/voila/templates/../static/x", NOWHERE),
        ("GET", "/voila/templates/lab/static/../../../conf.json", NOWHERE),
        ("GET", "/voila/templates/lab/static/%2e%2e/%2e%2e/conf.json", NOWHERE),
        ("GET", "/voila/templates/lab/static/%00", NOWHERE),
        ("GET", "/voila/templates/%00/static/x", NOWHERE),
    ],
    r"/voila/static/(.*)$": [
        ("GET", "/voila/static/voila.js", 200),
        ("GET", "/voila/static/", NOWHERE),
        ("GET", "/voila/static/../voila/app.py", NO),
        ("GET", "/voila/static//etc/passwd", NO),
        ("GET", "/voila/static/%00", NO),
        ("POST", "/voila/static/voila.js", NOT_SO),
    ],
    r"/voila/api/themes/(.*)$": [
        ("GET", "/voila/api/themes/none", NOWHERE),
        ("GET", "/voila/api/themes/../../../etc/passwd", NOWHERE),
    ],
    r"/voila/api/shutdown/(.*)$": [
        ("GET", f"/voila/api/shutdown/{KERNEL}", NOT_SO),
        ("POST", f"/voila/api/shutdown/{KERNEL}", NO),
    ],
    r"/voila/query/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)$": [("GET", f"/voila/query/{KERNEL}", 400)],
    r"/voila/labextensions/(.*)$": [
        ("GET", "/voila/labextensions/bqplot/package.json", 200),
        ("GET", "/voila/labextensions/", NOWHERE),
        ("GET", "/voila/labextensions/../../../../etc/passwd", NOWHERE),
        ("GET", "/voila/labextensions/%00", NOWHERE),
    ],
    r"/voila/files/(.*)$": [
        ("GET", "/voila/files/task.ipynb", NO),
        ("GET", "/voila/files/../cli/serve.py", NO),
        ("GET", "/voila/files/%00", NO),
    ],
    r"/(.*)$": [
        ("GET", "/?theme=../../x", NOWHERE),
        ("GET", "/login", NOWHERE),
        ("GET", "/logout", NOWHERE),
        ("POST", "/logout", NO),
        ("GET", "/api/kernels", NOWHERE),
        ("POST", "/api/kernels", NO),
        ("GET", "/api/contents", NOWHERE),
        ("GET", "/api/terminals", NOWHERE),
        ("GET", "/api/sessions", NOWHERE),
        ("GET", "/api/kernelspecs", NOWHERE),
        ("GET", "/voila/tree", NOWHERE),
        ("GET", "/voila/render/explorer.ipynb", NOWHERE),
        ("GET", f"/voila/execution/{KERNEL}", NOWHERE),
        ("GET", "/lab", NOWHERE),
        ("GET", "//etc/passwd", NOWHERE),
        ("GET", "/%00", NOWHERE),
        ("PUT", "/", NO),
        ("HEAD", "/", 200),
        ("OPTIONS", "/", NOT_SO),
        ("TRACE", "/", NOT_SO),
    ],
}
ASKED = [row for rows in ANSWERS.values() for row in rows]


def table(monkeypatch) -> list[str]:
    """The server's own table of routes, in a trial that does not listen."""
    for name, value in serve.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", os.environ["JUPYTER_PREFER_ENV_PATH"])
    server = hardened_voila(1)()
    server.initialize(list(serve.arguments(serve.doors()["task"], 8999, False, 0)))
    with tempfile.TemporaryDirectory() as folder:
        server.connection_dir = folder
        server.app = tornado.web.Application(**server.init_settings())
        server.voila_configuration.preheat_kernel = True  # which has one route more
        return [path for path, *_ in server.init_handlers()]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The address of a public page, and its server's log."""
    folder = tmp_path_factory.mktemp("routes")
    with servers.app(folder, "task", "--public", "--most", "4", "--pool", "1") as url:
        yield url, folder / "server.log"


def ask(url: str, method: str, path: str, body: bytes | None = None, **headers) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def test_every_route_of_the_server_is_in_the_list(monkeypatch):
    assert [path.removesuffix("$") + "$" for path in table(monkeypatch)] == list(ANSWERS)


@pytest.mark.parametrize(("method", "path", "status"), ASKED, ids=lambda value: str(value))
def test_what_it_answers_to_a_stranger(page, method, path, status):
    answer = ask(page[0], method, path)
    assert answer.status == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    if status >= 400 and method != "HEAD":
        assert re.fullmatch(rf'{status} [A-Za-z ]+\n|Can "Upgrade" only to "WebSocket"\.', answer.text)


def test_an_address_outside_is_nowhere(tmp_path):
    with servers.app(tmp_path, "task", "--pool", "0", "--base-url", "spice", base="spice/") as url:
        answer = ask(url, "GET", "/")
    assert answer.status == NOWHERE
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


OTHER = ["evil.com", "evil.com:8866", "localhost.evil.com", "127.0.0.1.evil.com", ""]


@pytest.mark.parametrize("host", OTHER)
def test_under_another_name_nothing_is_answered(page, learner, host):
    """That name may be a stranger's, who makes it lead here to speak with the page as if it were his own."""
    for path in ("/", "/voila/static/voila.js", f"/api/kernels/{learner.kernel}", "/nothing"):
        answer = ask(page[0], "GET", path, Host=host)
        assert answer.status == NO
        assert "--name" in answer.text
    with pytest.raises(WebSocketBadStatusException, match="403"):
        join(page[0], learner.kernel, origin=f"http://{host}", host=host)


def test_names_are_those_of_the_machine_and_those_that_are_given():
    hosts = Hosts(["Class.example.org"])
    ours = (
        "localhost:8866",
        "LOCALHOST",
        socket.gethostname(),
        "[::1]:8866",
        "10.0.0.7",
        "class.example.org:80",
    )
    assert all(map(hosts.allow, ours))
    assert not any(
        map(hosts.allow, ["example.org", "a.class.example.org", "[::1].evil.com", "10.0.0.7.evil.com"])
    )


def test_browsers_keep_files_and_the_server_has_them_in_memory(page):
    """Each learner fetches a hundred of them."""
    for path in ("/voila/static/voila.js", "/voila/templates/lab/static/voila.js"):
        answer = ask(page[0], "GET", path)
        assert answer.headers["Cache-Control"] == f"max-age={A_WHILE}"
        assert len(answer.text.encode()) == int(answer.headers["Content-Length"])
        part = ask(page[0], "GET", path, Range="bytes=10-19")
        assert part.status == 206
        assert part.text == answer.text[10:20]
        assert ask(page[0], "GET", path, **{"If-None-Match": answer.headers["Etag"]}).status == 304
    extension = json.loads(ask(page[0], "GET", "/voila/labextensions/bqplot/package.json").text)
    entry = f"/voila/labextensions/bqplot/{extension['jupyterlab']['_build']['load']}"
    assert ask(page[0], "GET", entry).headers["Cache-Control"] == f"max-age={FOR_EVER}"


def test_voilas_script_has_its_chunks_with_it(page):
    """A browser asks for each of them otherwise; webpack takes them as loaded, each on its own."""
    script = ask(page[0], "GET", "/voila/static/voila.js").text
    (own,) = Path(sys.prefix).glob(f"share/jupyter/voila/templates/base/static/{SCRIPT}")
    chunks = [path.read_text() for path in own.parent.glob(CHUNKS)]
    small = [text for text in chunks if len(text.encode()) <= MOST_CHUNK_BYTES]
    assert len(small) > 72
    assert all(f"(() => {{{text}\n}})();\n" in script for text in small)
    assert script.endswith(own.read_text())


def test_text_is_packed_for_who_takes_it_packed(page):
    """A class of thirty fetches 150 MB of it otherwise."""
    path = "/voila/static/voila.js"
    whole = ask(page[0], "GET", path)
    address = f"http://{urlsplit(page[0]).netloc}{path}"
    with urlopen(Request(address, headers={"Accept-Encoding": "gzip, br"})) as answer:
        packed = answer.read()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) == int(answer.headers["Content-Length"]) < len(whole.text.encode()) / 2
    assert gzip.decompress(packed).decode() == whole.text
    assert answer.headers["Vary"] == whole.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in whole.headers


def test_cookies_go_to_no_other_site(page):
    answer = ask(page[0], "GET", "/login")
    cookies = answer.headers.get_all("Set-Cookie")
    assert cookies
    assert all("SameSite=Strict" in cookie and "HttpOnly" in cookie for cookie in cookies)


def test_a_request_with_a_large_body_is_not_read(page):
    url = page[0]
    assert ask(url, "POST", f"/voila/api/shutdown/{KERNEL}", b"x" * (MOST_BODY - 10)).status == NO
    try:
        status = ask(url, "POST", f"/voila/api/shutdown/{KERNEL}", b"x" * (MOST_BODY * 10)).status
    except (BrokenPipeError, ConnectionResetError):  # it hangs up before all has been sent
        status = 400
    assert status == 400


def join(url: str, kernel: str, **options: object) -> object:
    where = urlsplit(url).netloc
    address = f"ws://{where}/api/kernels/{kernel}/channels?session_id={options.pop('session', '1')}"
    options = {"origin": f"http://{where}", "subprotocols": [PROTOCOL], "timeout": 20} | options
    return create_connection(address, **options)


@pytest.fixture(scope="module")
def learner(page):
    person = Learner()
    person.open(page[0])
    yield person
    person.leave()


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"origin": "http://elsewhere.org"}, 403),
        ({"subprotocols": []}, 400),
        ({"subprotocols": ["other"]}, 400),
        ({"session": "x" * 300}, 400),
    ],
)
def test_connections_that_no_page_makes_are_refused(page, learner, options, status):
    with pytest.raises(WebSocketBadStatusException, match=str(status)):
        join(page[0], learner.kernel, **options)


@pytest.mark.parametrize(
    "frame",
    [b"\xff" * 8 + b"\0" * 60, b"", b"\0" * 1000, b"x" * 11_000_000],
    ids=["68", "0", "1000", "11 MB"],
)
def test_a_frame_that_is_not_sound_ends_that_connection_and_nothing_else(page, learner, frame):
    socket = join(page[0], learner.kernel, session=uuid.uuid4().hex)
    with pytest.raises((WebSocketConnectionClosedException, ConnectionError)):  # noqa: PT012 # until it ends
        socket.send(frame, ABNF.OPCODE_BINARY)
        while socket.recv_data()[0] != ABNF.OPCODE_CLOSE:
            pass
        raise WebSocketConnectionClosedException
    learner.wait_for_answer()
    assert ask(page[0], "GET", "/voila/static/voila.js").status == 200


@pytest.mark.slow
def test_kernels_whose_pages_never_connect_are_ended(tmp_path):
    """200 requests held all kernels for 8 minutes and more; here as many as an address may have at once."""
    with servers.app(tmp_path, "task", "--public", "--most", "10", "--pool", "1") as url:
        begun = time.monotonic()
        statuses = [ask(url, "GET", "/").status for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        while ask(url, "GET", "/").status != 200:
            assert time.monotonic() < begun + CONNECT + 20
            time.sleep(1)


def test_nothing_of_all_this_was_an_error_of_the_server(page):
    """The last one of this file."""
    assert not re.search("Traceback|Uncaught|^500", page[1].read_text(), re.MULTILINE)
