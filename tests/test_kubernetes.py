"""What a workshop on Kubernetes is given agrees with itself, and with the hub on one machine.

No cluster is there to try it on: names of values are those that the chart's schema knows.
"""

import re
import tomllib
from pathlib import Path

import yaml

from spicewidgets.server.provisioner import NAME

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"
VALUES = yaml.safe_load((BINDER / "kubernetes.yaml").read_text(encoding="utf-8"))
IMAGE = (BINDER / "Dockerfile").read_text(encoding="utf-8")
# Of the chart's values.schema.yaml (commit 02dd73d), as far as ours go; it knows no others.
SCHEMA = {
    "hub": {"concurrentSpawnLimit": int, "config": dict},
    "singleuser": {
        "image": {"name": str, "tag": str},
        "cmd": str,
        "defaultUrl": str,
        "startTimeout": int,
        "memory": {"guarantee": str, "limit": str},
        "cpu": {"guarantee": float, "limit": int},
        "lifecycleHooks": dict,
        "extraEnv": dict,
    },
    "cull": {"enabled": bool, "timeout": int, "every": int},
}


def check(values, schema, where=""):
    for name, value in values.items():
        assert name in schema, f"{where}{name}"
        kind = schema[name]
        if isinstance(kind, dict):
            check(value, kind, f"{where}{name}.")
        else:
            assert type(value) is kind, f"{where}{name}"


def test_the_chart_knows_all_values():
    check(VALUES, SCHEMA)


def test_a_learner_opens_the_page_that_the_hub_on_one_machine_opens():
    config = (BINDER / "jupyterhub_config.py").read_text(encoding="utf-8")
    assert f'c.Spawner.default_url = "{VALUES["singleuser"]["defaultUrl"]}"' in config


def test_the_image_has_the_versions_of_binders():
    (torch,) = re.findall(r"^torch==\S+", (BINDER / "requirements.txt").read_text(), re.MULTILINE)
    version = (BINDER / "runtime.txt").read_text().strip().replace("python-", "")
    assert torch in IMAGE
    assert f"FROM python:{version}-slim" in IMAGE
    assert f"/python{version}/site-packages/spicewidgets/jupyter" in IMAGE
    for copied in re.findall(r"/src/(\S+)", IMAGE):
        assert (ROOT / copied).exists()


def test_kernels_are_forked_by_the_name_that_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(project["entry-points"]["jupyter_client.kernel_provisioners"]) == [NAME]
    assert VALUES["singleuser"]["extraEnv"]["JUPYTER_DEFAULT_PROVISIONER_NAME"] == NAME


def test_nobody_keeps_the_password_that_stands_there():
    assert VALUES["hub"]["config"]["DummyAuthenticator"]["password"] == "CHANGE-THIS"
    assert "CHANGE-THIS" in (BINDER / "WORKSHOP.md").read_text(encoding="utf-8")
