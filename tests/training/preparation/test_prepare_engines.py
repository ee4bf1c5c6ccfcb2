"""Both engines leave the same files, byte for byte; a killed preparation goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.datasets import make_data_set
from tests.training.evaluation.cases import write_profile
from training.prepare import main

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight clips, one of them broken; no truth."""
    folder = make_data_set(tmp_path_factory.mktemp("data") / "set", per_class=2)
    (folder / "train_videos" / "1_NoBasic.mp4").write_bytes(b"no video")
    for name in ("truth", "poses"):
        shutil.rmtree(folder / name)
    return folder


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_profile(tmp_path_factory.mktemp("profile"))


def arguments(data: Path, profile: Path, out: Path, *more: str) -> list[str]:
    return [
        "--data", str(data), "--out", str(out), "--profile", str(profile), "--untrained", *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def expected(
    data: Path, profile: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What one process leaves."""
    out = tmp_path_factory.mktemp("out") / "cache"
    assert main(arguments(data, profile, out, "--workers", "1")) == 0
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_two_processes(
    data: Path, profile: Path, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    assert main(arguments(data, profile, tmp_path / "cache", "--workers", "2")) == 0
    assert contents(tmp_path / "cache") == expected


CLUSTER = """
import sys
from ray.cluster_utils import Cluster
import ray

# Of the loopback's addresses not the first: Ray takes that for a name of the machine's own address.
place = {"node_ip_address": "127.0.0.2", "object_store_memory": 100 * 2**20, "num_cpus": 1}
cluster = Cluster(initialize_head=True, head_node_args={**place, "include_dashboard": False})
cluster.add_node(**place)
ray.init(address=cluster.address, _node_ip_address="127.0.0.2", log_to_driver=False)
print("nodes", sum(node["Alive"] for node in ray.nodes()), flush=True)
from training.prepare import main

code = main(sys.argv[1:])
ray.shutdown()
cluster.shutdown()
sys.exit(code)
"""


@pytest.mark.timeout(1800)
def test_a_ray_cluster_of_two_nodes(
    data: Path, profile: Path, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    if "ray" not in os.environ.get("CI_REQUIRE", ""):
        pytest.importorskip("ray", reason="Ray is not installed")
    given = arguments(data, profile, tmp_path / "cache", "--engine", "ray", "--workers", "2")
    # A process of its own: what Ray leaves in one (threads, warnings) is not ours to test.
    done = subprocess.run(
        [sys.executable, "-c", CLUSTER, *given],
        capture_output=True, text=True, check=False, timeout=1500, cwd=ROOT,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "nodes 2" in done.stdout
    assert contents(tmp_path / "cache") == expected


def test_a_killed_preparation_goes_on(
    data: Path, profile: Path, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    out = tmp_path / "cache"
    command = [sys.executable, "-m", "training.prepare"]
    command += arguments(data, profile, out, "--workers", "1")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT)
    deadline = time.monotonic() + 120
    while len(list(out.glob("poses/*.npz"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert contents(out) != expected
    assert subprocess.run(command, capture_output=True, check=False, cwd=ROOT).returncode == 0
    assert contents(out) == expected
