"""A learner without a browser: gets the page, and speaks to its kernel as the page's widgets do.

For many learners at once, for whom there is no room for a browser each. What it sees are the states of the
widgets, kept up to date; what it does are the messages that a mouse would cause.
"""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from websocket import WebSocket, create_connection

CONFIG = re.compile(r'id="jupyter-config-data"[^>]*>(.*?)</script>', re.DOTALL)
XSRF = re.compile(r'name="_xsrf"\s+value="([^"]+)"')
TAGS = re.compile(r"<(?!math|/math)[^>]*>")
CONTROL = "jupyter.widget.control"


class Learner:
    """One person, with cookies of his own.

    Attributes:
        states: of all widgets of the page, by the name of their model.
        redrawn: how often a line of a figure has changed.
    """

    def __init__(self, patience: float = 60) -> None:
        self.patience = patience
        self.cookies = CookieJar()
        self.web = build_opener(HTTPCookieProcessor(self.cookies))
        self.states: dict[str, dict] = {}
        self.redrawn = 0
        self.socket: WebSocket | None = None

    def get(self, url: str, data: dict[str, str] | None = None) -> str:
        """What is at the address, wherever that leads; with `data`, what the form leads to."""
        with self.web.open(
            Request(url, urlencode(data).encode() if data else None), timeout=self.patience
        ) as answer:
            self.url = answer.url
            return answer.read().decode()

    def log_in(self, hub: str, name: str, password: str) -> None:
        """Log in to JupyterHub, wait for the server of one's own, and open the page that it shows."""
        form = XSRF.search(self.get(f"{hub}/hub/login"))[1]
        data = {"username": name, "password": password, "_xsrf": form}
        self.get(f"{hub}/hub/login?next=/hub/spawn", data)
        until = time.monotonic() + self.patience
        while f"/user/{name}/" not in self.url:
            assert "/spawn" in self.url, f"not logged in: {self.url}"
            assert time.monotonic() < until, f"no server came within {self.patience} s: {self.url}"
            time.sleep(0.3)
            page = self.get(f"{hub}/hub/spawn-pending/{name}")
        self.enter(page)

    def open(self, url: str) -> None:
        """Open a page of Voila's."""
        self.enter(self.get(url))

    def enter(self, page: str) -> None:
        """Connect to the kernel of a page, and take over all its widgets."""
        self.connect(json.loads(CONFIG.search(page)[1]))
        self.wait_for_answer()
        comm = uuid.uuid4().hex
        self.send("comm_open", comm_id=comm, target_name=CONTROL, data={})
        self.send("comm_msg", comm_id=comm, data={"method": "request_states"})
        self.until(lambda: self.states, "no widgets came")
        self.send("comm_close", comm_id=comm, data={})

    def connect(self, config: dict) -> None:
        """Connect to the kernel that the page names."""
        self.session, self.kernel = uuid.uuid4().hex, config["kernelId"]
        self.base = urljoin(self.url, config["baseUrl"])
        self.socket = self.joined(self.base, self.kernel)

    def joined(self, base: str, kernel: str) -> WebSocket:
        """A connection to the messages of a kernel."""
        address = f"{base}api/kernels/{kernel}/channels?session_id={self.session}"
        where = urlsplit(address)
        mine = [each for each in self.cookies if where.path.startswith(each.path)]
        return create_connection(
            address.replace("http", "ws", 1),
            timeout=self.patience,
            cookie="; ".join(f"{each.name}={each.value}" for each in mine),
            origin=f"{where.scheme}://{where.netloc}",
            subprotocols=["v1.kernel.websocket.jupyter.org"],
        )

    def send(self, kind: str, **content: object) -> None:
        """A message to the kernel."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "version": "5.2",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {"version": "1.0.0"},
            "content": content,
        }
        self.socket.send_binary(
            serialize_msg_to_ws_v1(message, "shell", lambda part: json.dumps(part).encode())
        )

    def until(self, condition: Callable[[], object], what: str) -> float:
        """Take in messages until something is so; the seconds that it took."""
        begun = time.perf_counter()
        while not condition():
            left = begun + self.patience - time.perf_counter()
            assert left > 0, f"{what} within {self.patience} s; the page says: {self.text()[:500]}"
            self.socket.settimeout(left)
            self.take(self.socket.recv())
        return time.perf_counter() - begun

    def take(self, message: bytes) -> None:
        """Take in one message."""
        _, (header, _, _, content, *_) = deserialize_msg_from_ws_v1(message)
        kind, content = json.loads(header)["msg_type"], json.loads(content)
        self.ready |= kind == "kernel_info_reply"
        if kind not in ("comm_msg", "comm_open"):
            return
        data = content["data"]
        if data.get("method") == "update_states":
            self.states |= {name: each["state"] for name, each in data["states"].items()}
        elif "state" in data:
            state = self.states.setdefault(content["comm_id"], {})
            state.update(data["state"])
            changed = {*data["state"], *(path[0] for path in data.get("buffer_paths", []))}
            self.redrawn += state.get("_model_name") == "LinesModel" and bool(changed & {"x", "y"})

    def wait_for_answer(self) -> None:
        """Wait until the kernel has done all that it was told so far."""
        self.ready = False
        self.send("kernel_info_request")
        self.until(lambda: self.ready, "the kernel did not answer")

    def find(self, model: str, label: str) -> str | None:
        """The first widget of a kind (as "FloatSlider") whose label is so, after the number of a stage."""
        for name, state in self.states.items():
            if state.get("_model_name") == f"{model}Model" and re.match(
                rf"(\d+ )?{label}", state["description"]
            ):
                return name
        return None

    def stage(self, name: str, shows: str) -> None:
        """Open a stage, and wait for a slider of it."""
        self.set("ToggleButton", name, True)
        self.until(lambda: self.find("FloatSlider", shows), f"{name} did not open")
        self.wait_for_answer()

    def set(self, model: str, label: str, value: object) -> None:
        """Give a widget another value, as by the mouse."""
        self.update(self.find(model, label), value)

    def update(self, name: str, value: object) -> None:
        """Tell the kernel of a widget's new value."""
        self.states[name]["value"] = value
        self.send(
            "comm_msg", comm_id=name, data={"method": "update", "state": {"value": value}, "buffer_paths": []}
        )

    def press(self, label: str) -> None:
        """Press a button."""
        name = self.find("Button", label)
        self.send("comm_msg", comm_id=name, data={"method": "custom", "content": {"event": "click"}})

    def play(self, n: int, pause: float) -> list[float]:
        """Play so many choices, as the page tells of them; seconds from each until the kernel shows it."""
        name = next(
            name for name, state in self.states.items() if "sw-heard" in state.get("_dom_classes", ())
        )
        spent = []
        for at in range(1, n + 1):
            choices = [each % 2 for each in range(at)]
            played = {"choices": choices, "rewards": choices, "bets": [0.5] * at}
            self.update(name, json.dumps(played))
            told = f">{at} of yours<"
            spent.append(
                self.until(
                    lambda told=told: any(told in text for text in self.texts()), "the choice was not heard"
                )
            )
            time.sleep(pause)
        return spent

    def main_job(self, wait: Callable[[], object] = lambda: None) -> dict[str, float]:
        """The main job of the tutorial, with the participant's stage open.

        It changes the learning rate, waits until the session is drawn again, trains, and waits for the
        equation. What `wait` waits for happens before it trains.

        Returns: How many seconds each step took, and when the button was pressed and the training ended.
        """
        before = self.redrawn
        self.set("FloatSlider", "Learning rate", 0.6)
        moved = self.until(lambda: self.redrawn > before, "the session was not drawn anew")
        self.until(lambda: "Train again" in self.status(), "the run did not become stale")
        before = self.equation()
        wait()
        self.press("Train")
        pressed = time.perf_counter()
        trained = self.until(self.has_trained, "the training did not end")
        assert self.equation() != before, "there is no other equation"
        return {"moved": moved, "trained": trained, "pressed": pressed, "ended": pressed + trained}

    def has_trained(self) -> bool:
        """Whether the last training has ended, and its equation stands there."""
        return "Trained for" in self.status() and "Train again" not in self.status()

    def status(self) -> str:
        """What the head says of the run."""
        return next(text for text in self.texts() if "sw-says" in text)

    def equation(self) -> str:
        """What stands in the head."""
        return next(text for text in self.texts() if "sw-equations" in text)

    def figures(self) -> int:
        """How many figures are there."""
        return sum(state.get("_model_name") == "FigureModel" for state in self.states.values())

    def text(self) -> str:
        """All texts of the page, without tags."""
        return " ".join(TAGS.sub(" ", text) for text in self.texts())

    def texts(self) -> Iterator[str]:
        """All texts of the page."""
        for state in self.states.values():
            if state.get("_model_name") == "HTMLModel":
                yield str(state.get("value", ""))

    def leave(self) -> None:
        """Close the page: as a browser does, it ends the kernel."""
        if self.socket is None:
            return
        self.socket.close()
        self.socket = None
        tokens = [each.value for each in self.cookies if each.name == "_xsrf"]
        token = tokens[-1] if tokens else uuid.uuid4().hex
        self.web.addheaders = [("Cookie", f"_xsrf={token}")] if not tokens else []
        request = Request(f"{self.base}voila/api/shutdown/{self.kernel}", b"", {"X-XSRFToken": token})
        try:
            self.web.open(request, timeout=self.patience).close()
        except HTTPError as error:
            if error.code != 404:  # it may have ended before
                raise
