"""What README and docs name is there: links, files, modules, options (issue 16, section 3)."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from benchmarks.__main__ import COSTS, READERS
from pipeline import types
from pipeline.classification.ensemble import decide
from pipeline.classification.levels import levels, turns_of
from pipeline.classification.sureness import sureness
from pipeline.config import load_profile
from pipeline.elements import ELEMENTS
from training.evaluation.predictions import read_predictions

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
        *sorted(DOCS.rglob("*.md")),
        *sorted((ROOT / "checkpoints").glob("*.md")),
    )
}
TODAY = {name: path for name, path in PAGES.items() if "reports" not in path.parts}
"""Reports tell of their day; all others of today."""
FOLDERS = "app|assets|benchmarks|checkpoints|docs|laboratory|models|pipeline|tests|training|ui"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def anchors_of(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.*)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text_of(PAGES[page]))
    for link in (one or other for one, other in links):
        if re.match(r"https?:|mailto:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (PAGES[page].parent / place).resolve() if place else PAGES[page]
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


@pytest.mark.parametrize("page", TODAY)
def test_files_that_are_named_are_there(page: str) -> None:
    pattern = rf"(?<![\w./-])((?:{FOLDERS})/[\w./-]*[\w/])"
    for name in re.findall(pattern, text_of(TODAY[page])):
        places = (ROOT / name, TODAY[page].parent / name)
        assert any(place.exists() for place in places), name


def test_the_figure_of_the_method_names_what_is_there() -> None:
    named = re.findall(r'class="m">([^<]+)<', text_of(DOCS / "method.svg"))
    assert len(named) > 10
    for name in " ".join(named).split():
        assert (ROOT / name).exists(), name


def test_make_bench_names_benchmarks() -> None:
    """Until issue 16 the names of before the benchmarks moved."""
    for name in (*COSTS, READERS):
        assert importlib.util.find_spec(f"benchmarks.{name}") is not None, name


def test_the_path_of_a_clip_names_functions_that_are_there() -> None:
    """A row of the table in architecture.md: a file, and functions or classes that it defines."""
    page = text_of(DOCS / "architecture.md")
    rows = re.findall(r"^\| `([\w/]+\.py)` \| (`[^|]+) \|", page, re.MULTILINE)
    assert len(rows) > 15
    for file, cell in rows:
        source = text_of(ROOT / file)
        for name in re.findall(r"`(\w+)`", cell):
            assert re.search(rf"^ *(?:def|class) {name}\b", source, re.MULTILINE), (file, name)
    for name in ("Detections", "People", "Track", "RegionOfInterest", "PoseSequence", "Verdict"):
        assert f"`{name}`" in page
        assert name in types.__all__


def test_every_folder_of_code_is_on_the_map() -> None:
    page = text_of(DOCS / "architecture.md")
    for top in ("pipeline", "training", "ui"):
        for folder in (ROOT / top).iterdir():
            if (folder / "__init__.py").is_file():
                assert f"`{top}/{folder.name}/`" in page, folder.name


def module_behind(name: str) -> str:
    """The module that `python -m NAME` runs; none: the test fails."""
    spec = importlib.util.find_spec(name)
    assert spec is not None, name
    return f"{name}.__main__" if spec.submodule_search_locations else name


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every option of a parser and of its subcommands."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {option for sub in action.choices.values() for option in options_of(sub)}
    return found


@pytest.mark.parametrize("page", TODAY)
def test_commands_answer_to_what_they_are_given(page: str) -> None:
    text = re.sub(r"\\\n\s*", "", text_of(TODAY[page]))
    for name, rest in re.findall(r"python -m ((?:\w+\.)*\w+)([^`\n#]*)", text):
        if name in ("pytest", "venv"):
            continue
        module = module_behind(name)
        assert importlib.util.find_spec(module) is not None, name
        build = getattr(importlib.import_module(module), "_parser", None)
        if build is not None:
            given = re.findall(r"(?<!\S)\[?(--[a-z][\w-]*)", rest.split("&&")[0])
            assert set(given) <= options_of(build()), f"python -m {name}{rest}"


@pytest.mark.parametrize("page", [name for name in TODAY if name.startswith("docs/")])
def test_a_page_says_at_its_head_whom_it_is_for(page: str) -> None:
    title, blank, first, *_ = text_of(TODAY[page]).splitlines()
    assert title.startswith("# ")
    assert not blank
    assert first.startswith("For "), first


def test_the_index_lists_every_page() -> None:
    listed = re.findall(r"\]\(([\w-]+\.md)\)", text_of(DOCS / "README.md"))
    assert sorted(listed) == sorted(
        path.name for path in DOCS.glob("*.md") if path.stem != "README"
    )


@pytest.mark.slow
def test_how_often_a_word_of_sureness_is_right_is_as_the_desk_says() -> None:
    """Counted over the evaluation that ships: `clips` of each word, and how many are right."""
    settings = load_profile("demo").ensemble
    told = {word: [0, 0] for word in ("certain", "likely", "unsure")}
    file = ROOT / "assets" / "evaluations" / "simulated_rink" / "predictions.parquet"
    for clip in read_predictions(file).clips:
        scores = clip.scores(settings)
        verdict = decide(scores, settings)
        count = told[sureness(verdict, scores)]
        count[0] += 1
        count[1] += verdict.class_index == clip.label
    page = " ".join(text_of(DOCS / "desk.md").split())
    for word, (clips, right) in told.items():
        assert f"{100 * right / clips:.1f} % of {clips} {word}" in page


@pytest.mark.slow
def test_how_often_a_told_level_is_right_is_as_the_desk_says() -> None:
    """Counted over the same evaluation: `right of told` of each level, and of two answers."""
    settings = load_profile("demo").ensemble
    told = {name: [0, 0] for name in ("family", "kind", "turns")}
    either = [0, 0]
    file = ROOT / "assets" / "evaluations" / "simulated_rink" / "predictions.parquet"
    for clip in read_predictions(file).clips:
        verdict = decide(clip.scores(settings), settings)
        element = ELEMENTS[clip.label]
        truth = {"family": element.family, "kind": element.kind}
        if element.family == "jump":
            truth["turns"] = turns_of(element)
        for level in levels(verdict.probabilities):
            count = told[level.name] if level.is_told else either
            count[0] += truth.get(level.name) in level.told
            count[1] += bool(level.told)
    page = " ".join(text_of(DOCS / "desk.md").split())
    expected = [f"{name} {right} of {of}" for name, (right, of) in told.items()]
    assert [words for words in expected if words not in page] == []
    assert f"of two answers one is right in {either[0]} of {either[1]}" in page
