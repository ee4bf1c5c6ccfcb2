"""A checkpoint goes to a hub with its card: to a real server that stands in for the hub."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard

from models.checkpoint_files import sha256_of
from models.checkpoint_writing import write_safetensors
from models.zoo import Checkpoint, Figure
from models.zoo.builders import BUILDERS
from tests.training.release.hub import TOKEN, Hub, serving
from training.publish import main
from training.release.card import model_card

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """One checkpoint beside its manifest."""
    torch.manual_seed(0)
    weights = tmp_path / "small_gcn.safetensors"
    write_safetensors(BUILDERS["infogcn_tiny"]().state_dict(), weights)
    path = tmp_path / "manifest.toml"
    path.write_text(
        "schema_version = 1\n\n"
        '[[checkpoint]]\nname = "other"\nfamily = "infogcn"\nbuilder = "infogcn_tiny"\n'
        'status = "demo"\nlicence = "MIT"\nsource = "x"\nfile = "absent.safetensors"\n'
        f'sha256 = "{"0" * 64}"\n\n'
        '[[checkpoint]]\nname = "small_gcn"\nfamily = "infogcn"\nbuilder = "infogcn_tiny"\n'
        f'status = "demo"\nlicence = "Apache-2.0"\nsource = "made here: a test"\n'
        f'file = "small_gcn.safetensors"\nsha256 = "{sha256_of(weights)}"\n'
    )
    return path


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as running:
        yield running


def publish(
    hub: Hub, manifest: Path, *arguments: str, token: str = TOKEN
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own: the library reads its environment once."""
    changes = {
        "HF_ENDPOINT": hub.url, "HF_TOKEN": token, "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }  # fmt: skip
    given = [sys.executable, "-m", "training.publish", *arguments, "--manifest", str(manifest)]
    return subprocess.run(
        given, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **changes}
    )


@pytest.mark.slow
def test_weights_card_and_entry_arrive(hub: Hub, manifest: Path) -> None:
    for _ in range(2):  # the second time into the same repository
        done = publish(hub, manifest, "small_gcn", "--repo", "lab/gcn", "--private")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{hub.url}/lab/gcn/commit/")
    assert hub.private == {"lab/gcn": True}
    assert hub.messages == ["Add small_gcn", "Add small_gcn"]
    files = hub.repositories["lab/gcn"]
    assert sorted(files) == ["README.md", "entry.toml", "small_gcn.safetensors"]
    assert (
        files["small_gcn.safetensors"] == (manifest.parent / "small_gcn.safetensors").read_bytes()
    )
    (entry,) = tomllib.loads(files["entry.toml"].decode())["checkpoint"]
    assert entry["name"] == "small_gcn"
    card = ModelCard(files["README.md"].decode())
    assert card.data.license == "apache-2.0"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "arguments", "words"),
    [
        ("token", ("small_gcn", "--repo", "lab/gcn"), "refuses (401); run `hf auth login`"),
        ("broken", ("small_gcn", "--repo", "lab/gcn"), "refuses (Server error"),
        ("", ("small_gcn", "--repo", "a/b/c"), "--repo a/b/c: "),
    ],
)
def test_refusals_are_one_line(
    case: str, arguments: tuple[str, ...], words: str, hub: Hub, manifest: Path
) -> None:
    hub.broken = case == "broken"
    done = publish(hub, manifest, *arguments, token="hf_wrong" if case == "token" else TOKEN)
    assert done.returncode == 2
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
    assert words in line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none", "none: there is no such checkpoint"),
        ("other", "absent.safetensors"),
    ],
)
def test_what_is_not_there_is_named(
    name: str, words: str, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--repo", "lab/gcn", "--manifest", str(manifest)]) == 2
    assert words in capsys.readouterr().err


def test_card_says_what_the_manifest_says(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "README.md"
    assert main(["small_gcn", "--card", str(out), "--manifest", str(manifest)]) == 0
    card = ModelCard(out.read_text())
    assert card.data.library_name == "rinkside"
    assert card.data.tags == ["figure-skating", "infogcn", "demo"]
    for words in ("not fit for judging", "made here: a test", "Apache-2.0", "None were measured"):
        assert words in card.text


def test_licence_that_is_no_spdx_name_and_figures() -> None:
    checkpoint = Checkpoint(
        name="x", family="dino", builder="dino_tiny", status="demo",
        licence="research use", source="pictures", page="https://example.org",
        figures=(Figure("AP50", 0.5, "python -m x"),),
    )  # fmt: skip
    card = ModelCard(model_card(checkpoint))
    assert (card.data.license, card.data["license_name"]) == ("other", "research-use")
    assert "| AP50 | 0.5 | `python -m x` |" in card.text
