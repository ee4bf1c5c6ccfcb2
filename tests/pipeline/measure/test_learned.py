"""The file of the measurements' networks is the one that its card describes."""

import tomllib

from safetensors import safe_open

from models.checkpoint_files import sha256_of
from pipeline.measure.learned import WEIGHTS


def test_the_networks_are_those_of_the_card():
    card = tomllib.loads(WEIGHTS.with_suffix(".toml").read_text(encoding="utf-8"))
    assert card["file"] == WEIGHTS.name
    assert sha256_of(WEIGHTS) == card["sha256"]
    assert card["licence"] == "Apache-2.0"
    assert card["status"] == "demo"
    with safe_open(WEIGHTS, framework="np") as file:
        assert file.metadata()["made_by"] == card["command"]
        assert "simulated rink" in file.metadata()["sources"]
