"""The wheel alone, in an empty environment, from any folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The program of a fresh environment into which nothing but the built wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")

    def run(*words):
        return subprocess.run(words, check=True, capture_output=True, timeout=300)

    run(uv, "build", "--wheel", "--out-dir", folder, HOUSE)
    [wheel] = folder.glob("*.whl")
    requirements = folder / "requirements.txt"
    exported = run(uv, "export", "--locked", "--no-dev", "--no-emit-project", "--project", HOUSE)
    requirements.write_bytes(exported.stdout)
    run(uv, "venv", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    run(uv, "pip", "install", "--python", python, "-r", requirements)
    run(uv, "pip", "install", "--python", python, "--no-deps", wheel)
    return folder / "venv" / "bin" / "eessi-gateway"


@pytest.mark.long
def test_the_wheel_works_from_any_other_folder(installed, tmp_path, a_message, uid):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    env["EESSI_GATEWAY_HTTP__PORT"] = "0"

    def gateway(*words):
        done = subprocess.run(
            [installed, *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert gateway("--version").startswith("eessi-gateway, version ")
    assert gateway("check")
    (tmp_path / "one.xml").write_bytes(a_message())
    judged = json.loads(gateway("judge", "one.xml", "--json"))
    assert judged["institution"] == "FR:0101100000"
    assert json.loads(gateway("validate", "one.xml", "--json"))["valid"]
    (tmp_path / "var" / "inbound").mkdir(parents=True)
    (tmp_path / "one.xml").rename(tmp_path / "var" / "inbound" / "one.xml")
    gateway("run", "--until-idle")
    [row] = map(json.loads, gateway("journal", "list", "--json").splitlines())
    assert (row["message_id"], row["state"]) == (uid("one"), "done")
