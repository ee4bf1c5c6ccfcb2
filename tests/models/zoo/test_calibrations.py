"""Fitted numbers in the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.checkpoint_files import sha256_of
from models.zoo import ManifestError, read_calibrations, read_manifest
from models.zoo.__main__ import main


def manifest(folder: Path, **changes: str) -> Path:
    file = folder / "numbers.safetensors"
    file.write_bytes(b"numbers")
    entry = {
        "name": "numbers", "file": file.name, "sha256": sha256_of(file),
        "licence": "Apache-2.0", "source": "made here", **changes,
    }  # fmt: skip
    lines = [f'{key} = "{value}"' for key, value in entry.items() if value]
    path = folder / "manifest.toml"
    path.write_text("schema_version = 1\n[[calibration]]\n" + "\n".join(lines) + "\n")
    return path


def test_an_entry_is_read_beside_the_checkpoints(tmp_path: Path) -> None:
    path = manifest(tmp_path)
    (found,) = read_calibrations(path)
    assert (found.name, found.path(path)) == ("numbers", tmp_path / "numbers.safetensors")
    assert read_manifest(path) == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha256": "12"}, "64 hex digits"),
        ({"file": "../numbers.safetensors"}, "beside the manifest"),
        ({"licence": ""}, "has the keys"),
        ({"builder": "umt_tiny"}, "has the keys"),
    ],
)
def test_a_wrong_entry_is_refused(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        read_calibrations(manifest(tmp_path, **changes))


def test_one_name_stands_for_one_file(tmp_path: Path) -> None:
    path = manifest(tmp_path)
    path.write_text(path.read_text() + path.read_text().partition("\n")[2])
    with pytest.raises(ManifestError, match="listed twice"):
        read_calibrations(path)


def test_verify_checks_fitted_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = manifest(tmp_path)
    assert main(["verify", "--manifest", str(path)]) == 0
    (tmp_path / "numbers.safetensors").write_bytes(b"others")
    assert main(["verify", "--manifest", str(path)]) == 1
    (tmp_path / "numbers.safetensors").unlink()
    assert main(["verify", "--manifest", str(path)]) == 1
    told = capsys.readouterr().out
    assert "numbers ok sha256" in told
    assert "the manifest says" in told
    assert "there is no such file" in told
