"""Programs are run to their end, or to the end of their time."""

import os
import sys

import process


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_and_memory_are_kept():
    done = process.run(python("import time; x = b'x' * 50_000_000; time.sleep(0.3); print(7)"), {},
                       60)
    assert (done.output, done.fault) == ("7\n", "")
    if os.path.exists("/proc/self/status"):
        assert done.memory["anonymous_mib"] > 45
        assert done.memory["peak_mib"] >= done.memory["anonymous_mib"]


def test_settings_reach_the_program():
    assert process.run(python("import os; print(os.environ['A'])"), {"A": "b"}, 60).output == "b\n"


def test_a_failure_has_the_programs_last_words():
    done = process.run(python("import sys; sys.exit('no such model')"), {}, 60)
    assert done.fault == "no such model"


def test_who_takes_too_long_is_ended():
    done = process.run(python("import time; time.sleep(600)"), {}, 0.2)
    assert "longer than 0.2 s" in done.fault
    assert done.seconds < 60


def test_the_busy_program_ends_with_the_work():
    with process.one_core_busy() as burner:
        assert burner.poll() is None
    assert burner.returncode is not None
