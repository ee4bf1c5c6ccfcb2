from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.layouts import clip, uniformerv2
from models.uniformerv2 import UniFormerV2, resize_positions


def small(*, recipe: str = "ssv2", **options) -> UniFormerV2:
    torch.manual_seed(3)
    local = recipe == "ssv2"
    settings = {
        "patch_size": 8,
        "width": 24,
        "depth": 2,
        "heads": 2,
        "num_frames": 4,
        "image_size": 32,
        "return_list": (1,),
        "temporal_downsample": local,
        "no_lmhra": not local,
    }
    return UniFormerV2(**{**settings, **options}).eval()


def clip_state(model: UniFormerV2, prefix: str = "visual.") -> dict[str, Tensor]:
    """A CLIP of random numbers whose tower has the model's size, with a text tower beside it."""
    generator = torch.Generator().manual_seed(5)

    def noise(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator) * 0.2

    width = model.class_embedding.shape[0]
    tower = {
        name: noise(*value.shape)
        for name, value in model.state_dict().items()
        if not name.startswith("transformer.") or (".resblocks." in name and "lmhra" not in name)
    }
    tower["conv1.weight"] = noise(width, 3, 8, 8)
    tower |= {"proj": noise(width, 6), "ln_post.weight": noise(width), "ln_post.bias": noise(width)}
    text = {
        "logit_scale": noise(),
        "positional_embedding": noise(7, 6),
        "transformer.resblocks.0.attn.in_proj_weight": noise(18, 6),
    }
    return {prefix + name: value for name, value in tower.items()} | (text if prefix else {})


def mmaction2(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The names that mmaction2 gives to our state dict."""
    renamed = {}
    for key, value in state.items():
        key = "backbone." + key.replace("transformer.proj.0.", "transformer.norm.")
        renamed[key.replace("backbone.transformer.proj.2.", "cls_head.fc_cls.")] = value
    return renamed | {"data_preprocessor.mean": torch.zeros(3)}


@pytest.mark.parametrize("prefix", ["", "backbone."])
def test_official_files(prefix):
    state = small().state_dict()
    file = {prefix + key: value for key, value in state.items()}
    assert uniformerv2.matches(file)
    assert not clip.matches(file)
    converted = uniformerv2.convert(file)
    assert converted.state.keys() == state.keys()
    assert all(converted.state[key] is state[key] for key in state)
    assert converted.dropped == ()


def test_mmaction2_files():
    state = small().state_dict()
    file = mmaction2(state)
    assert "cls_head.fc_cls.weight" in file
    assert uniformerv2.matches(file)
    converted = uniformerv2.convert(file)
    assert converted.dropped == ("data_preprocessor.mean",)
    small().load_state_dict(converted.state)
    head = converted.state["transformer.proj.2.weight"]
    assert head is state["transformer.proj.2.weight"]


def test_a_tensor_held_twice_is_refused():
    state = small().state_dict()
    with pytest.raises(ValueError, match="class_embedding twice"):
        uniformerv2.convert({**state, "backbone.class_embedding": state["class_embedding"]})


@pytest.mark.parametrize("keys", [{"conv1.weight"}, {"blocks.0.attn.q_bias"}, set()])
def test_other_families_do_not_match(keys):
    assert not uniformerv2.matches(keys)
    assert not clip.matches(keys)


@pytest.mark.parametrize("prefix", ["visual.", "module.visual.", "backbone.", ""])
def test_where_the_clip_tower_stands(prefix):
    model = small()
    file = clip_state(model, prefix)
    assert clip.matches(file)
    assert not uniformerv2.matches(file)
    converted = clip.convert(file, model)
    for key, value in converted.state.items():
        expected = file[prefix + key]
        if key == "conv1.weight":
            assert torch.equal(value[:, :, 1], expected)
            assert not value[:, :, [0, 2]].any()
        else:
            assert torch.equal(value, expected)
    unused = {key for key in file if not key.startswith(prefix) or "post" in key}
    assert set(converted.dropped) == unused | {f"{prefix}proj"}


def test_what_stays_new_is_reported():
    model = small()
    converted = clip.convert(clip_state(model), model)
    fresh = clip.newly_initialised(converted.state, model)
    assert {*fresh, *converted.state} == set(model.state_dict())
    assert all(".lmhra" in key or "resblocks" not in key for key in fresh)
    assert any(f"{len(fresh)} tensors stay newly initialised" in note for note in converted.notes)


@pytest.mark.parametrize("act", ["quickgelu", "gelu"])
def test_the_activation_is_said(act):
    model = small(act=act)
    notes = clip.convert(clip_state(model), model).notes
    assert any(f"this network uses {act};" in note for note in notes)


def test_tokens_equal_those_of_clip():
    """Right after conversion every second frame passes as a frame alone does."""
    video, frame = small(), small(recipe="kinetics", num_frames=1, return_list=())
    file = clip_state(video)
    for model in (video, frame):
        model.load_state_dict(clip.convert(file, model).state, strict=False)
    clips = torch.randn(2, 3, 4, 32, 32)
    with torch.inference_mode():
        tokens = video.embed(clips)
        for block in video.transformer.resblocks:
            tokens = block(tokens)
        for t in range(2):
            alone = frame.embed(clips[:, :, 2 * t : 2 * t + 1])
            for block in frame.transformer.resblocks:
                alone = block(alone)
            torch.testing.assert_close(tokens[:, t], alone[:, 0], rtol=0, atol=1e-5)


def test_another_resolution_is_interpolated_and_said():
    source, model = small(), small(image_size=(48, 32))
    file = clip_state(source)
    converted = clip.convert(file, model)
    expected = resize_positions(file["visual.positional_embedding"], (6, 4))
    assert torch.equal(converted.state["positional_embedding"], expected)
    assert any("interpolated from 17 rows to 25" in note for note in converted.notes)


def test_half_precision_is_widened():
    model = small()
    file = {key: value.half() for key, value in clip_state(model).items()}
    state = clip.convert(file, model).state
    assert {value.dtype for value in state.values()} == {torch.float32}


def test_names_and_shapes_alone_can_be_converted():
    with torch.device("meta"):
        model = small()
        file = {key: value.to("meta") for key, value in clip_state(model).items()}
    converted = clip.convert(file, model)
    assert all(value.is_meta for value in converted.state.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 32}, r"visual\.\S+: expected shape .*build the size"),
        ({"depth": 3}, "12 tensors missing .*transformer.resblocks.2"),
        ({"depth": 1, "return_list": (0,)}, "12 unexpected .*transformer.resblocks.1"),
        ({"patch_size": 16}, r"visual\.\S+: expected shape"),
    ],
)
def test_another_size_is_refused(options, message):
    file = clip_state(small())
    with pytest.raises(ValueError, match=message):
        clip.convert(file, small(**options))


def test_no_clip_is_refused():
    with pytest.raises(ValueError, match="not a CLIP ViT"):
        clip.convert({"visual.layer1.0.conv1.weight": torch.zeros(1)}, small())
