"""The zoo: builders, manifest, and networks with their weights by name."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest
import torch

from models.checkpoint_files import sha256_of
from models.checkpoint_writing import write_safetensors
from models.families import recognise
from models.weights import MissingWeights, WeightsError, build_on_meta, check_fit
from models.zoo import (
    BUILDERS,
    BUILDERS_BY_FAMILY,
    ManifestError,
    ModelProvenance,
    family_of,
    initialise,
    load_model,
    read_manifest,
)
from models.zoo.__main__ import main
from models.zoo.manifest import MANIFEST, hash_in_name
from tests.models.zoo.files import clip_tower, publish, tiny_state, write_manifest

PAPER_VARIANTS = {
    *(f"umt_{s}_{v}" for s in ("l16", "b16") for v in ("8x224", "16x224", "32x224", "16x448")),
    *(
        f"uniformerv2_{size}_{frames}x224{recipe}"
        for size in ("l14", "b16")
        for frames in (8, 16, 32)
        for recipe in ("", "_kinetics")
    ),
    "infogcn_coco17_320",
    *(f"vitpose_{size}{head}" for size in "sblh" for head in ("", "_simple")),
    *(f"dino_{b}_{n}scale{v}" for b in ("r50", "swin_l") for n in (4, 5) for v in ("", "_mmdet")),
    "dino_r50_4scale_mmdet_improved",
}


def test_every_variant_of_the_paper_and_a_small_one_of_each_family():
    sizes = ("_tiny", "_small", "_stem")  # for tests and the demo
    small = {name for name in BUILDERS if any(size in name for size in sizes)}
    assert set(BUILDERS) == PAPER_VARIANTS | small
    assert {family_of(name) for name in small} == set(BUILDERS_BY_FAMILY)
    with pytest.raises(ValueError, match="'umt_x' is not a builder; known are umt_l16_8x224, "):
        family_of("umt_x")


MILLIONS = {
    "umt_l16_16x224": 303.1,
    "umt_b16_32x224": 85.7,
    "uniformerv2_l14_32x224": 573.8,
    "uniformerv2_l14_8x224_kinetics": 353.7,
    "uniformerv2_b16_32x224": 162.9,
    "infogcn_coco17_320": 1.53,
    "vitpose_b": 90.0,
    "vitpose_b_simple": 85.9,
    "dino_r50_4scale": 46.7,
    "dino_swin_l_4scale": 217.2,
}
"""Published sizes; buffers such as position tables are not counted."""


@pytest.mark.parametrize("name", BUILDERS)
def test_builders_build_on_meta_and_are_of_their_family(name):
    model = build_on_meta(BUILDERS[name])
    assert recognise(model.state_dict())[0].name == family_of(name)
    if name in MILLIONS:
        count = sum(parameter.numel() for parameter in model.parameters()) / 1e6
        assert count == pytest.approx(MILLIONS[name], rel=0.01)


# --- the full-size manifests of the published networks ------------------------------------------

BUILDER_OF_MANIFEST = [
    (r"umt_(\w+)_nc28", r"umt_\1", {}),
    (r"umt_l16_8x224_nc710_k710_checkpoint", r"umt_l16_8x224", {"num_classes": 710}),
    (r"uniformerv2_(\w+)_ssv2-recipe_nc28", r"uniformerv2_\1", {}),
    (r"uniformerv2_(\w+)_kinetics-recipe_nc28", r"uniformerv2_\1_kinetics", {}),
    (r"manifest_dino_r50_(\d)scale", r"dino_r50_\1scale", {}),
    (r"manifest_dino_swinL_(\d)scale", r"dino_swin_l_\1scale", {}),
    (r"manifest_dino-(\d)scale_r50", r"dino_r50_\1scale_mmdet", {}),
    (r"manifest_dino-(\d)scale_swin-l", r"dino_swin_l_\1scale_mmdet", {}),
    (
        r"manifest_(?:mmpose_ViTPose|hf_vitpose)-([sblh])[a-z]*(?:-coco-aic-mpii)?",
        r"vitpose_\1",
        {},
    ),
    (r"manifest_(?:mmpose_ViTPose|hf_vitpose)-([sblh])[a-z]*-simple", r"vitpose_\1_simple", {}),
]


def builder_of_manifest(stem: str) -> partial:
    for pattern, name, arguments in BUILDER_OF_MANIFEST:
        found = re.fullmatch(pattern, stem)
        if found:
            return partial(BUILDERS[found.expand(name)], **arguments)
    raise AssertionError(f"no builder is named for {stem}")


def names_and_shapes(document) -> dict[str, torch.Tensor]:
    entries = document.get("keys") or document["tensors"]
    pairs = {k: v.values() if isinstance(v, dict) else v for k, v in entries.items()}
    return {
        key: torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
        for key, (shape, dtype) in pairs.items()
    }


@pytest.mark.parametrize("folder", ["umt", "uniformerv2", "dino", "dino_mmdet", "vitpose_mmpose"])
def test_published_state_dicts_load_strictly(shared_goldens, folder):
    root = shared_goldens / folder
    paths = [*root.glob("manifest*.json"), *root.glob("manifests/*.json")]
    assert paths
    for path in paths:
        if "vitpose-plus" in path.stem:
            continue
        state = names_and_shapes(json.loads(path.read_text(encoding="utf-8")))
        _, layout = recognise(state)
        converted = layout.convert(state)
        assert all(
            key.endswith("num_batches_tracked") or "cls_token" in key for key in converted.dropped
        )
        model = build_on_meta(builder_of_manifest(path.stem))
        report = check_fit(model, converted.state, source=path.stem)
        assert (report.new, report.loaded) == ((), len(converted.state))


# --- the manifest -------------------------------------------------------------------------------


def test_the_projects_manifest_names_what_is_published():
    checkpoints = read_manifest()
    assert {c.family for c in checkpoints.values()} >= {"umt", "uniformerv2", "vitpose", "dino"}
    for checkpoint in checkpoints.values():
        for url in checkpoint.urls:
            named = hash_in_name(url)
            assert named is None or checkpoint.sha256.startswith(named)
            if "openmmlab" in url:
                assert named
        assert not checkpoint.file or (MANIFEST.parent / checkpoint.file).is_file()


def test_shipped_weights_stay_small():
    shipped = [c.path(MANIFEST) for c in read_manifest(MANIFEST).values() if c.file]
    sizes = [path.stat().st_size for path in shipped]
    assert len(sizes) >= 9
    assert max(sizes) < 10e6
    assert sum(sizes) < 60e6


def test_the_table_of_checkpoints(capsys):
    assert main(["list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "family", "status", "present", "size", "licence"]
    assert len(rows) == len(read_manifest())
    row = next(row for row in rows if row.startswith("dino_swin_l_4scale_36e "))
    assert re.fullmatch(r"\S+ +dino +trained +(no +-|yes +[\d.]+ [MG]B) +unknown .*", row)


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("dino-4scale_r50_8xb2-12e_coco_20221202_182705-55b2bba2.pth", "55b2bba2"),
        ("td-hm_ViTPose-small_8xb64-210e_coco-256x192-62d7a712_20230314.pth", "62d7a712"),
        ("dino-5scale_swin-l_8xb2-36e_coco-5486e051.pth?download=1", "5486e051"),
        ("l16_ptk710_ftk710_f8_res224.pth", None),
        ("checkpoint-deadbeefs.pth", None),
    ],
)
def test_the_hash_in_a_file_name(name, digits):
    assert hash_in_name(f"https://download.openmmlab.com/a/{name}") == digits


GOOD = {
    "name": "small",
    "family": "umt",
    "builder": "umt_tiny_16x112",
    "urls": ["https://example.org/a.pth"],
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, "entry 1: unknown key 'colour'; known: name, family"),
        ({"status": "good"}, "checkpoint 'small': status must be one of trained, demo, untrained"),
        ({"name": "Small one"}, "a name has lower-case letters"),
        (
            {"family": "bert"},
            "family must be one of umt, uniformerv2, infogcn, vitpose, dino, temporal",
        ),
        ({"builder": "vitpose_s"}, "'vitpose_s' is not a builder of umt"),
        ({"builder": "umt_xxl"}, "'umt_xxl' is not a builder of umt"),
        ({"arguments": {"num_frame": 8}}, "umt_tiny_16x112 takes no argument 'num_frame'"),
        ({"file": "a.safetensors"}, "give either file, or where it is published"),
        ({"urls": []}, "give either file, or where it is published"),
        ({"urls": "https://example.org/a.pth"}, "urls must be a list, got str"),
        ({"urls": ["http://example.org/a.pth"]}, "urls must begin with https://"),
        ({"urls": ["file:///etc/passwd"]}, "urls must begin with https://"),
        ({"sha256": "12ab"}, "sha256 must be 8 to 64 hex digits or 'unknown'"),
        (
            {"urls": ["https://example.org/a-01234567.pth"], "sha256": "89abcdef"},
            "the file name says sha256 01234567, the entry 89abcdef",
        ),
        ({"urls": [], "file": "../a.safetensors", "sha256": "0" * 64}, "must lie beside"),
        ({"urls": [], "file": "a.safetensors"}, "a file that ships needs its whole sha256"),
        ({"figures": [{"name": "top-1", "value": 0.9}]}, "a figure has the keys name, value,"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, change, words):
    with pytest.raises(ManifestError, match=re.escape(words)):
        read_manifest(write_manifest(tmp_path, {**GOOD, **change}))


@pytest.mark.parametrize("key", ["name", "family", "builder"])
def test_a_missing_key_is_named(tmp_path, key):
    entry = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(ManifestError, match=f"entry 1: the key '{key}' is missing"):
        read_manifest(write_manifest(tmp_path, entry))


def test_a_manifest_that_is_none(tmp_path):
    path = tmp_path / "manifest.toml"
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(path)
    path.write_text("schema_version = 1\n[[checkpoint")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(path)
    path.write_text("schema_version = 2\nmodels = 3")
    with pytest.raises(ManifestError, match="got schema_version = 2 and models"):
        read_manifest(path)
    with pytest.raises(ManifestError, match="'small'is listed twice"):
        read_manifest(write_manifest(tmp_path, GOOD, GOOD))


# --- networks by name ---------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A manifest with one small network beside it."""
    monkeypatch.delenv("RINKSIDE_CACHE", raising=False)
    state = tiny_state("umt_tiny_16x112", seed=4)
    path = tmp_path / "small.safetensors"
    write_safetensors(state, path)
    entry = {"name": "small", "family": "umt", "builder": "umt_tiny_16x112", "status": "demo"}
    origin = {"file": path.name, "sha256": sha256_of(path)}
    return write_manifest(tmp_path, {**entry, **origin}), state, path


@pytest.mark.parametrize("name", ["small", "umt_tiny_16x112"])
def test_a_network_with_its_weights(shipped, name):
    manifest, state, path = shipped
    model, provenance = load_model(name, device="cpu", manifest=manifest)
    assert provenance == ModelProvenance("small", sha256_of(path), "demo")
    assert not model.training
    torch.testing.assert_close(model.state_dict(), state, rtol=0, atol=0)
    with torch.inference_mode():
        assert model(torch.zeros(1, 3, 16, 112, 112)).isfinite().all()


def test_a_file_that_is_not_the_one_of_the_manifest(shipped):
    manifest, state, path = shipped
    write_safetensors({**state, "head.bias": state["head.bias"] + 1}, path)
    with pytest.raises(WeightsError, match=r"has sha256 .*, expected .*damaged or another version"):
        load_model("small", manifest=manifest)
    assert main(["verify", "--manifest", str(manifest)]) == 1


def test_a_pointer_in_place_of_shipped_weights(shipped):
    manifest, _, path = shipped
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(WeightsError, match="is a Git LFS pointer"):
        load_model("small", manifest=manifest)


def test_weights_that_are_absent_name_the_command(shipped):
    manifest, _, path = shipped
    path.unlink()
    with pytest.raises(MissingWeights, match="small: the weights are not here"):
        load_model("small", manifest=manifest)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vitpose_s_mmpose", "run: python -m models.zoo fetch vitpose_s_mmpose"),
        ("vitpose_s", "run: python -m models.zoo fetch vitpose_s_mmpose"),
        ("dino_swin_l_4scale_36e", "--family dino --builder dino_swin_l_4scale --out checkpoints/"),
        ("umt_l16_16x448", "python -m training.finetune training/recipes/umt_l16_16x448.toml"),
        ("umt_l16_16x448", "python -m models.zoo fetch umt_l16_8x224_k710"),
        ("infogcn_coco17_320", "no weights for the 28 elements are published; train them"),
    ],
)
def test_the_remedy_for_published_networks(name, words, monkeypatch, tmp_path):
    # Only what is fetched could be here.
    monkeypatch.setattr("models.zoo.manifest.fetched_folders", lambda _: [tmp_path])
    with pytest.raises(MissingWeights, match=re.escape(words)):
        load_model(name)


def test_the_remedy_for_a_small_network_is_its_demo_recipe(tmp_path):
    with pytest.raises(MissingWeights, match=r"training/recipes/demo_umt\.toml"):
        load_model("umt_tiny_32x112", manifest=write_manifest(tmp_path))


def test_an_unknown_name():
    with pytest.raises(ValueError, match="no checkpoint or network is called 'umt'"):
        load_model("umt")
    with pytest.raises(ValueError, match="no checkpoint or network is called 'umt'"):
        load_model("umt", untrained=True)


def test_untrained_networks_by_builder_or_checkpoint(shipped):
    manifest, _, _ = shipped
    one, provenance = load_model("umt_tiny_16x112", untrained=True, seed=2, manifest=manifest)
    assert provenance == ModelProvenance("umt_tiny_16x112", None, "untrained")
    assert not one.training
    two, _ = load_model("small", untrained=True, seed=2, manifest=manifest)
    torch.testing.assert_close(one.state_dict(), two.state_dict(), rtol=0, atol=0)


def test_arguments_of_an_entry_reach_the_builder(tmp_path):
    entry = {**GOOD, "arguments": {"num_classes": 710}}
    model, _ = load_model("small", untrained=True, manifest=write_manifest(tmp_path, entry))
    assert model.head.out_features == 710


# --- starting a training ------------------------------------------------------------------------


def test_umt_moves_to_more_frames_with_a_new_head(tmp_path):
    state = tiny_state("umt_tiny_16x112", num_classes=710)
    path = tmp_path / "k710.safetensors"
    write_safetensors(state, path)
    model = BUILDERS["umt_tiny_32x112"]()
    report = initialise(model, path, new_head=True)
    assert report.new == ("head.weight", "head.bias")
    assert report.notes[0] == "position table: interpolated from 16x7x7 to 32x7x7"
    from_16 = model.pos_embed.clone()
    assert "8-frame" in str(initialise(model, path, new_head=True, from_8_frames=True))
    assert 0.05 < float((model.pos_embed - from_16).abs().max()) < 0.5
    with pytest.raises(WeightsError, match="only the head differs"):
        initialise(model, path)


def test_a_clip_tower_starts_a_uniformerv2(tmp_path, capsys):
    tower = clip_tower(tiny_state("uniformerv2_tiny_16x112"))
    source = publish(tower, tmp_path / "clip.pth", wrapper="state_dict")
    out = tmp_path / "fetched" / "clip.safetensors"
    command = ["convert", str(source), "--family", "uniformerv2", "--out", str(out)]
    assert main(command) == 2
    assert "say which, e.g. --builder uniformerv2_" in capsys.readouterr().err
    assert main([*command, "--builder", "uniformerv2_tiny_16x112"]) == 0
    report = capsys.readouterr().out
    assert "CLIP layout" in report
    assert "not in the file, to be trained: transformer.temporal_cls_token" in report
    assert "dropped: visual.proj, logit_scale, visual.ln_post.weight and 2 more" in report

    model = BUILDERS["uniformerv2_tiny_16x112"]()
    started = initialise(model, out)
    assert "transformer.proj.2.weight" in started.new
    torch.testing.assert_close(
        model.conv1.weight[:, :, 1].detach(), tower["visual.conv1.weight"], rtol=0, atol=0
    )
    entry = {"name": "clip", "family": "uniformerv2", "builder": "uniformerv2_tiny_16x112"}
    manifest = write_manifest(tmp_path, {**entry, "page": "https://x.org", "status": "untrained"})
    with pytest.raises(WeightsError, match=r"clip contains nothing for .*start a training"):
        load_model("clip", manifest=manifest)
    assert main(["verify", "--manifest", str(manifest)]) == 0
    assert "clip ok sha256" in capsys.readouterr().out


RECIPES = ("uniformerv2_tiny_16x112", "uniformerv2_tiny_16x112_kinetics")


@pytest.fixture
def both_recipes(monkeypatch):
    """A small network of the Kinetics recipe beside that of the other, as the large ones have."""
    small = partial(BUILDERS[RECIPES[0]], recipe="kinetics")
    monkeypatch.setitem(BUILDERS_BY_FAMILY["uniformerv2"], RECIPES[1], small)
    monkeypatch.setitem(BUILDERS, RECIPES[1], small)


@pytest.mark.usefixtures("both_recipes")
@pytest.mark.parametrize(("builder", "other"), [RECIPES, RECIPES[::-1]])
def test_one_clip_file_starts_either_recipe_and_is_converted_for_each(tmp_path, builder, other):
    tower = clip_tower(tiny_state(RECIPES[0]))
    source = publish(tower, tmp_path / "clip.pth", wrapper="state_dict")
    out = tmp_path / "clip.safetensors"
    command = ["convert", str(source), "--family", "uniformerv2", "--out", str(out)]
    assert main([*command, "--builder", builder]) == 0
    model = BUILDERS[builder]()
    started = initialise(model, out)
    assert "transformer.temporal_cls_token" in started.new
    assert any(".lmhra" in name for name in started.new) == ("kinetics" not in builder)
    middle = model.conv1.weight.detach()[:, :, model.conv1.weight.shape[2] // 2]
    torch.testing.assert_close(middle, tower["visual.conv1.weight"], rtol=0, atol=0)
    with pytest.raises(WeightsError):
        initialise(BUILDERS[other](), out)


@pytest.mark.usefixtures("both_recipes")
def test_the_kinetics_recipe_goes_from_few_frames_and_710_classes_to_more_and_28(tmp_path):
    state = tiny_state(RECIPES[1], num_frames=8, num_classes=710)
    path = tmp_path / "k710.safetensors"
    write_safetensors(state, path)
    model = BUILDERS[RECIPES[1]]()
    assert model.num_frames == 16
    report = initialise(model, path, new_head=True)
    assert report.new == ("transformer.proj.2.weight", "transformer.proj.2.bias")
    torch.testing.assert_close(model.conv1.weight.detach(), state["conv1.weight"], rtol=0, atol=0)


@pytest.mark.parametrize("recipe", ["", "_kinetics"])
def test_the_projects_clip_file_is_listed_for_either_recipe(recipe):
    listed = read_manifest()
    entry = listed[f"uniformerv2_l14_32x224{recipe}_clip_openai"]
    assert entry.builder == f"uniformerv2_l14_32x224{recipe}"
    assert entry.urls == listed["uniformerv2_l14_32x224_clip_openai"].urls
