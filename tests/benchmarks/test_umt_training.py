"""The training figures of a GPU: the same code, small and on the CPU."""

from __future__ import annotations

import re

import pytest
import torch

from benchmarks.cost.umt_training import NO_DEVICE, Load, forward_flop, main, peak_of


def test_without_a_device_a_sentence_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main([]) == 0
    assert capsys.readouterr().out == f"{NO_DEVICE}\n"


@pytest.mark.parametrize("blocks", ["0", "2"])
def test_a_small_network_on_the_cpu(capsys: pytest.CaptureFixture[str], blocks: str) -> None:
    given = ["--batch-size", "2", "--steps", "2", "--peak-tflops", "0.01"]
    assert main(["--tiny", "--checkpoint-blocks", blocks, *given]) == 0
    title, head, *rows, ratio = capsys.readouterr().out.splitlines()
    flop = float(re.search(r"([\d.]+) GFLOP", title)[1]) * 1e9  # type: ignore[index]
    assert head.split() == ["attention", "s", "a", "step", "MFU"]
    assert [row.split()[0] for row in rows] == ["sdpa", "written_out"]
    seconds = []
    for row in rows:
        _, took, share = row.split()
        seconds.append(float(took))
        mfu = 3 * flop / float(took) / 0.01e12
        assert float(share.rstrip("%")) == pytest.approx(100 * mfu, rel=0.1)
    found = re.fullmatch(r"written_out / sdpa: ([\d.]+); the paper claims 2 to 3", ratio)
    assert found
    assert float(found[1]) == pytest.approx(seconds[1] / seconds[0], rel=0.1)


def test_the_forward_pass_is_counted_with_its_attention() -> None:
    """1,432.9 GMAC of a view, as the reference; checkpointing does not count."""
    for blocks in (0, 24):
        load = Load(False, 2, blocks, torch.device("cpu"))
        assert forward_flop(load) == pytest.approx(2 * 2 * 1432.9e9, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989.0),
        ("NVIDIA H100 PCIe", 756.0),
        ("NVIDIA H200", 989.0),
        ("NVIDIA A100-SXM4-80GB", 312.0),
        ("Tesla T4", None),
    ],
)
def test_peaks_by_name(name: str, peak: float | None) -> None:
    assert peak_of(name) == peak
