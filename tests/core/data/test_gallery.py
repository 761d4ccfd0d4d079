"""The gallery: bundled sets are what their script makes; published ones are fetched, checked and kept."""

import gzip
import hashlib
import importlib.util
import io
import sys
import threading
import zipfile
from dataclasses import replace
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
import table_layouts

from spicewidgets.core.data import gallery
from spicewidgets.core.data.gallery import BUNDLED, GALLERY, data_set, load_choices, path_of
from spicewidgets.core.settings import SettingsError

spec = importlib.util.spec_from_file_location("bundled", Path(__file__).parent / "bundled.py")
bundled = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bundled)


@pytest.mark.parametrize("name", bundled.MAKERS)
def test_a_bundled_set_is_what_its_script_makes(name):
    item = data_set(name)
    data = path_of(item).read_bytes()
    assert gzip.decompress(data) == bundled.content(name)
    assert (len(data), hashlib.sha256(data).hexdigest()) == (item.size, item.sha256)
    assert item.size < 10_000


@pytest.mark.parametrize(
    ("name", "sessions", "options", "problems"),
    [
        ("two-groups", 72, ("R1", "R2"), {"sessions": "start_anew", "missed_trials": "keep"}),
        ("reversal", 30, (1, 2, 3), {"sessions": "carry_on"}),
        ("pairs", 20, (1, 2, 3, 4), {"kind": "pairs", "other_outcomes": "all", "scale": "range"}),
    ],
)
def test_a_bundled_set_reads_as_it_should(name, sessions, options, problems):
    choices = load_choices(name)
    report = choices.report
    assert (len(report.participants), report.sessions) == (data_set(name).people, sessions)
    assert tuple(option.label for option in report.options) == options
    assert report.remedies == problems
    assert report.used == report.rows
    assert choices.dataset.n_sessions == sessions


def test_every_file_that_is_bundled_is_in_the_gallery():
    listed = {item.file for item in GALLERY if item.url is None}
    assert {path.name for path in BUNDLED.iterdir()} == listed
    assert all(item.licence and item.citation and item.question for item in GALLERY)
    assert len({item.name for item in GALLERY}) == len(GALLERY)


# What is published. Its true layouts, made here, from a server on this machine.


def dezfouli():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("choices_diagno.csv", table_layouts.dezfouli())
        archive.writestr("__MACOSX/._choices_diagno.csv", b"\0\5\26\7")
    return file.getvalue()


CONTENT = {
    "dezfouli2019": (dezfouli, "Dezfouli 2019", 24),
    "zorowitz2023": (table_layouts.zorowitz, "Zorowitz 2023", 3),
    "fontanesi2019": (table_layouts.rlssm, "rlssm", 6),
    "hddm": (table_layouts.hddm, "HDDM", 9),
}


class Server(HTTPServer):
    """Counts what is asked for."""

    requests = 0


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.requests += 1
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    (tmp_path / "web").mkdir()
    with Server(("127.0.0.1", 0), partial(Handler, directory=tmp_path / "web")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def published(server, tmp_path, name, data):
    """The gallery's data set, with what is served here in place of the true file."""
    (tmp_path / "web" / "file").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return replace(data_set(name), url=f"http://127.0.0.1:{server.server_port}/file", sha256=digest)


@pytest.mark.parametrize("name", CONTENT)
def test_a_published_set_is_fetched_once_and_read(name, server, tmp_path, monkeypatch):
    make, layout, sessions = CONTENT[name]
    item = published(server, tmp_path, name, make())
    monkeypatch.setattr(gallery, "GALLERY", (item,))
    choices = load_choices(name, cache=tmp_path / "cache")
    assert (choices.report.layout, choices.report.sessions) == (layout, sessions)
    assert server.requests == 1
    again = load_choices(name, cache=tmp_path / "cache")
    assert server.requests == 1
    np.testing.assert_array_equal(again.rows.arms, choices.rows.arms)


def test_a_file_with_another_hash_is_not_read(server, tmp_path):
    item = published(server, tmp_path, "hddm", table_layouts.hddm())
    with pytest.raises(SettingsError, match="is not the file that it should be"):
        path_of(replace(item, sha256="0" * 64), tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_without_a_network_there_is_a_word_and_a_way_out(tmp_path):
    item = replace(data_set("hddm"), url="http://127.0.0.1:9/nobody-listens.csv")
    with pytest.raises(
        SettingsError, match="Connect to the network once, or use one that needs none: two-groups"
    ):
        path_of(item, tmp_path)


def test_a_page_that_is_gone_is_a_sentence(server, tmp_path):
    item = published(server, tmp_path, "hddm", b"x")
    with pytest.raises(SettingsError, match="cannot be fetched"):
        path_of(replace(item, url=item.url + "-gone"), tmp_path / "cache")


def test_without_pooch_there_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(SettingsError, match="pip install pooch"):
        path_of(data_set("hddm"), tmp_path)


def test_an_unknown_name_is_a_sentence():
    with pytest.raises(SettingsError, match=r"no data set 'iris'\. The gallery has two-groups, reversal"):
        load_choices("iris")
