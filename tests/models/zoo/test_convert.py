"""Conversion of published files, and the command that does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from models.checkpoint_files import WeightsError, read_metadata, read_state, sha256_of
from models.checkpoint_writing import write_safetensors
from models.weights import build_on_meta, load_strict
from models.zoo import BUILDERS, convert_file, family_of, initialise
from models.zoo.__main__ import main
from tests.models.zoo.files import publish, tiny_state, write_manifest
from tests.models.zoo.test_zoo import names_and_shapes


@pytest.mark.parametrize(
    ("family", "builder", "wrapper", "prefix", "zipped"),
    [
        ("umt", "umt_tiny_16x112", "module", "", True),
        ("umt", "umt_tiny_16x112", "model", "backbone.", False),
        ("uniformerv2", "uniformerv2_tiny_16x112", "model_state", "backbone.", True),
        ("infogcn", "infogcn_tiny", "state_dict", "module.", True),
        ("vitpose", "vitpose_tiny", "state_dict", "", True),
        ("dino", "dino_tiny", "model", "", False),
    ],
)
def test_every_family_converts_and_loads(tmp_path, *, family, builder, wrapper, prefix, zipped):
    state = tiny_state(builder, seed=3)
    named = {prefix + key: value for key, value in state.items()}
    source = publish(named, tmp_path / "a.pth", wrapper=wrapper, zipped=zipped)
    out = tmp_path / "a.safetensors"
    conversion = convert_file(source, out, family=family, builder=builder)
    assert conversion.fits == (builder,)
    assert conversion.sha256 == sha256_of(out)
    model = build_on_meta(BUILDERS[builder])
    load_strict(model, read_state(out), source="a")
    torch.testing.assert_close(model.state_dict(), state, rtol=0, atol=0)
    metadata = read_metadata(out)
    assert metadata["family"] == family
    assert metadata["source_sha256"] == sha256_of(source)


def test_a_network_in_eight_bits_answers_as_before(tmp_path):
    source = publish(tiny_state("vitpose_tiny", seed=3), tmp_path / "a.pth", wrapper="model")
    logits = []
    for name, flags in {"whole": [], "eight": ["--eight-bits"]}.items():
        out = tmp_path / f"{name}.safetensors"
        arguments = ["convert", str(source), "--family", "vitpose", "--builder", "vitpose_tiny"]
        assert main([*arguments, "--out", str(out), *flags]) == 0
        model = build_on_meta(BUILDERS["vitpose_tiny"]).eval()
        load_strict(model, read_state(out), source=name)
        with torch.no_grad():
            logits.append(model(torch.ones(1, 3, 128, 96)))
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("whole", "eight")]
    assert sizes[1] < 0.3 * sizes[0]
    off = (logits[1] - logits[0]).square().mean().sqrt() / logits[0].std()
    assert 0 < off < 0.05


@pytest.mark.parametrize("builder", ["infogcn_tiny", "dino_tiny"])
def test_the_network_is_found_where_none_is_named(tmp_path, builder):
    source = publish(tiny_state(builder), tmp_path / "a.pth", wrapper="model")
    conversion = convert_file(source, tmp_path / "a.safetensors", family=family_of(builder))
    assert conversion.fits == (builder,)


def test_the_command_reports_what_became_of_the_tensors(tmp_path, capsys):
    state = {f"encoder.{k}": v for k, v in tiny_state("umt_tiny_16x112", num_classes=710).items()}
    state["clip_decoder.0.weight"] = torch.zeros(2)
    source = publish(state, tmp_path / "a.pth", wrapper="model")
    out = tmp_path / "a.safetensors"
    assert main(["convert", str(source), "--family", "umt", "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{source}: umt, official layout, {len(state)} tensors",
        f"{out}: {len(state) - 1} tensors, sha256 {sha256_of(out)}",
        "fits: umt_tiny_16x112 with num_classes=710",
        "dropped: clip_decoder.0.weight",
    ]
    assert json.loads(read_metadata(out)["arguments"]) == {"num_classes": 710}
    assert read_metadata(out)["builder"] == "umt_tiny_16x112"


def test_a_file_that_was_only_pretrained_starts_a_training(tmp_path, capsys):
    whole = tiny_state("umt_tiny_16x112", seed=3)
    part = {f"encoder.{k}": v for k, v in whole.items() if not k.startswith(("head.", "fc_norm."))}
    part |= {"encoder.norm.weight": torch.ones(192), "encoder.norm.bias": torch.zeros(192)}
    source = publish(part, tmp_path / "a.pth", wrapper="model")
    out = tmp_path / "a.safetensors"
    command = ["convert", str(source), "--family", "umt", "--builder", "umt_tiny_16x112"]
    assert main([*command, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    new = "fc_norm.weight, fc_norm.bias, head.weight and 1 more"
    assert f"not in the file, to be trained: {new}\n" in told
    assert "dropped: encoder.norm.weight, encoder.norm.bias\n" in told
    report = initialise(BUILDERS["umt_tiny_16x112"](), out)
    assert report.new == ("fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias")


def test_umt_moves_to_other_frames_and_pixels(tmp_path, capsys):
    state = tiny_state("umt_tiny_16x112")
    source = publish(state, tmp_path / "a.pth", wrapper="model")
    tables = {}
    for builder in ("umt_tiny_32x112", "umt_tiny_16x160"):
        for flags in ([], ["--from-8-frames"]):
            out = tmp_path / f"{builder}{len(flags)}.safetensors"
            command = ["convert", str(source), "--family", "umt", "--builder", builder]
            assert main([*command, "--out", str(out), *flags]) == 0
            model = build_on_meta(BUILDERS[builder])
            load_strict(model, read_state(out), source=builder)
            tables[builder, len(flags)] = model.pos_embed
            told = capsys.readouterr().out
            assert ("interpolated from 16x7x7 to" in told) == (not flags)
            assert ("the published 8-frame table, brought to" in told) == bool(flags)
    for builder in ("umt_tiny_32x112", "umt_tiny_16x160"):
        assert not torch.equal(tables[builder, 0], tables[builder, 1])


def test_the_manifest_knows_a_file_by_its_hash(tmp_path, capsys):
    source = publish(tiny_state("umt_tiny_16x112"), tmp_path / "a.pth", wrapper="model")
    entry = {
        "name": "known",
        "family": "umt",
        "builder": "umt_tiny_32x112",
        "page": "https://x.org",
    }
    manifest = write_manifest(tmp_path, {**entry, "sha256": sha256_of(source)[:8]})
    out = tmp_path / "a.safetensors"
    command = ["convert", str(source), "--family", "umt", "--out", str(out)]
    assert main([*command, "--manifest", str(manifest)]) == 0
    assert "fits: umt_tiny_32x112\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"--family": "vitpose"},
            "looks like a umt checkpoint (official layout), not like vitpose",
        ),
        ({"--family": "bert"}, "invalid choice: 'bert'"),
        ({"--builder": "umt_xxl"}, "'umt_xxl' is not a builder; known are"),
        ({"--builder": "dino_tiny"}, "dino_tiny builds dino, not umt"),
        ({"--builder": "umt_b16_8x224"}, "does not fit UMT:"),
        ({"--out": "a.pth"}, "--out must end in .safetensors, got a.pth"),
        ({"--out": f"{'x' * 244}.safetensors"}, "is too long a name for the file system"),
        ({"FILE": "absent.pth"}, "absent.pth does not exist"),
        ({"FILE": "stranger.pth"}, "has no key layout that Rinkside knows; its keys begin with x"),
        (
            {"FILE": "short.pth", "--builder": "umt_tiny_16x112"},
            "does not fit UMT: 1 missing (blocks.2.norm1.weight)",
        ),
        ({"FILE": "nan.pth"}, "nan.pth: head.bias holds NaN or infinite numbers"),
    ],
)
def test_what_cannot_be_converted(tmp_path, monkeypatch, capsys, changes, words):
    monkeypatch.chdir(tmp_path)
    state = tiny_state("umt_tiny_16x112")
    files = {
        "good.pth": state,
        "stranger.pth": {"x": torch.zeros(1)},
        "short.pth": {k: v for k, v in state.items() if k != "blocks.2.norm1.weight"},
        "nan.pth": state | {"head.bias": torch.full((28,), torch.nan)},
    }
    for name, content in files.items():
        publish(content, tmp_path / name, wrapper="model")
    options = {"--family": "umt", "--out": "a.safetensors", "FILE": "good.pth", **changes}
    source = options.pop("FILE")
    command = ["convert", source, *(word for pair in options.items() for word in pair)]
    try:
        code = main(command)
    except SystemExit as ended:  # the arguments themselves are wrong
        code = ended.code
    assert code == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert told.count("\n") == 1
    assert words in told
    assert sorted(os.listdir()) == sorted(files)


def test_a_failed_conversion_leaves_the_older_file(tmp_path):
    out = tmp_path / "a.safetensors"
    write_safetensors({"a": torch.ones(1)}, out)
    before = out.read_bytes()
    source = publish({"x": torch.zeros(1)}, tmp_path / "a.pth", wrapper="model")
    with pytest.raises(WeightsError):
        convert_file(source, out, family="umt")
    assert out.read_bytes() == before


def test_the_commands_from_outside(tmp_path):
    source = publish(tiny_state("umt_tiny_16x112"), tmp_path / "a.pth", wrapper="model")
    out = tmp_path / "a.safetensors"
    command = [sys.executable, "-m", "models.zoo"]
    target = ["--builder", "umt_tiny_16x112", "--out", str(out)]
    conversion = ["convert", str(source), "--family", "umt", *target]
    options = {"capture_output": True, "text": True, "check": False}
    done = subprocess.run([*command, *conversion], **options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "fits: umt_tiny_16x112\n" in done.stdout
    nothing = subprocess.run(command, **options)
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert nothing.stderr.startswith("error: the following arguments are required")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("manifest", "family", "fits", "notes"),
    [
        (
            "dino_mmdet/manifest_dino-4scale_r50.json",
            "dino",
            ("dino_r50_4scale_mmdet", "dino_r50_4scale_mmdet_improved"),
            "shared_heads=False",
        ),
        (
            "vitpose_mmpose/manifest_mmpose_ViTPose-small.json",
            "vitpose",
            ("vitpose_s",),
            "a zero row was put in front",
        ),
    ],
)
def test_openmmlab_files_at_full_size(tmp_path, shared_goldens, *, manifest, family, fits, notes):
    """The layout, format and meta of the real files, with made-up numbers."""
    document = json.loads((shared_goldens / manifest).read_text(encoding="utf-8"))
    generator = torch.Generator().manual_seed(0)
    state = {
        key: torch.rand(value.shape, generator=generator).to(value.dtype)
        for key, value in names_and_shapes(document).items()
    }
    tree = {"state_dict": state, "meta": {"sigmas": np.array([0.026]), "epoch": 210}}
    source, out = tmp_path / "a.pth", tmp_path / "a.safetensors"
    torch.save(tree, source, _use_new_zipfile_serialization=False)
    conversion = convert_file(source, out, family=family)
    assert conversion.fits == fits
    assert any(notes in note for note in conversion.notes)
    load_strict(build_on_meta(BUILDERS[fits[0]]), read_state(out), source="a")
