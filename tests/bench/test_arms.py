"""Which programs of the rival run, and for which steps."""

import arms
import pytest
import rival


@pytest.fixture
def folder(tmp_path):
    (tmp_path / rival.BENCH).touch(mode=0o755)
    return tmp_path


def test_the_rival_runs_with_huge_pages_and_as_it_is(folder):
    found = arms.rival_arms(folder, 4, quick=True)
    assert [arm.name for arm in found] == ["llama.cpp Q4_0, huge pages, fa on",
                                           "llama.cpp Q4_0, default"]
    assert [arm.flags for arm in found] == [("-fa", "on"), ()]


def test_an_arm_leaves_out_what_it_has_no_program_for(folder):
    arm = arms.rival_arms(folder, 8, quick=True)[-1]
    assert arm.has("single") and not arm.has("together")
    (folder / rival.BATCHED).touch(mode=0o755)
    assert arms.rival_arms(folder, 8, quick=True)[-1].has("together")


def test_a_folder_without_the_program_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="there is no llama-bench"):
        arms.rival_arms(tmp_path, 4, quick=True)
