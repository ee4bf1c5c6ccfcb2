"""The class table against the published index order, and its skating names."""

from __future__ import annotations

import pytest

from pipeline.elements import ELEMENTS, LABELS, class_index


@pytest.mark.parametrize(
    ("index", "label", "code", "family", "rotations"),
    [
        (0, "3Toeloop", "3T", "jump", 3),
        (2, "2Axel", "2A", "jump", 2.5),
        (3, "CamelSpin", "CSp", "spin", None),
        (4, "SitSpin", "SSp", "spin", None),
        (5, "UprightSpin", "USp", "spin", None),
        (11, "3Lutz", "3Lz", "jump", 3),
        (12, "NoBasic", "-", "none", None),
        (18, "4Loop", "4Lo", "jump", 4),
        (26, "1Lutz", "1Lz", "jump", 1),
        (27, "Sequence", "StSq / ChSq", "sequence", None),
    ],
)
def test_index_code_family_and_rotations(index, label, code, family, rotations):
    element = ELEMENTS[index]
    assert (element.class_index, element.label, element.code) == (index, label, code)
    assert (element.family, element.rotations) == (family, rotations)


def test_the_families_count_as_in_the_challenge():
    families = [element.family for element in ELEMENTS]
    assert [families.count(f) for f in ("jump", "spin", "sequence", "none")] == [23, 3, 1, 1]
    assert len(set(LABELS)) == 28
    assert "4Axel" not in LABELS


@pytest.mark.parametrize("label", ["No Basic", "nobasic", " NoBasic"])
def test_blanks_and_case_do_not_matter(label):
    assert class_index(label) == 12


def test_an_unknown_class_is_refused():
    with pytest.raises(ValueError, match="5Lutz"):
        class_index("5Lutz")
