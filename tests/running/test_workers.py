from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
CONFTEST = """
pytest_plugins = ["tests.running.worker", "tests.running.workers", "tests.running.alone"]
"""
ALL_THERE_IS = """
import os, pathlib, sys, warnings
import pytest

HERE = pathlib.Path(__file__).parent
with (HERE / "collected").open("a") as log:
    log.write("x")

@pytest.fixture(scope="session")
def server(worker_id, tmp_path_factory):
    made = tmp_path_factory.mktemp("server")
    with (HERE / f"made-{worker_id}").open("a") as log:
        log.write("x")
    yield made
    with (HERE / f"made-{worker_id}").open("a") as log:
        log.write("y")

@pytest.mark.parametrize("number", range(100))
def test_of_a_server(server, number, worker_id):
    assert (server / "of").exists() == (server / "of" / worker_id).exists()
    (server / "of" / worker_id).mkdir(parents=True, exist_ok=True)

def test_fails():
    print("out of it")
    sys.stderr.write("beside it")
    assert 1 + 1 == 3

@pytest.fixture
def broken():
    yield
    raise ValueError("behind it")

def test_errs(broken):
    pass

def test_skips():
    pytest.skip("not here")

@pytest.mark.xfail(reason="known")
def test_is_known_to_fail():
    assert False

def test_warns():
    warnings.warn("look at this")
"""
SOME_DIE = """
import os
import pytest

@pytest.mark.parametrize("number", range(60))
def test_of(number):
    if number in (7, 30):
        os._exit(3)
"""
ONE_FAILS = """
import pytest

@pytest.mark.parametrize("number", range(4000))
def test_of(number):
    assert number != 3
"""
LEAVES_SOMETHING = """
class Loud:
    def __init__(self):
        self.itself = self

    def __del__(self):
        raise ValueError("unseen")

def test_leaves_it():
    Loud()
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest(CONFTEST)
    return pytester


def run(project: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    """In a process of its own, since it is forked there."""
    project.makepyfile(tests)
    return project.runpytest_subprocess("-p", "no:cacheprovider", "--workers=2", *arguments)


def test_each_test_is_told_of_as_without_workers_and_each_worker_has_its_own_servers(
    project: pytest.Pytester,
) -> None:
    ran = run(project, ALL_THERE_IS, "-rs")

    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.assert_outcomes(passed=102, failed=1, errors=1, skipped=1, xfailed=1, warnings=1)
    ran.stdout.fnmatch_lines_random(
        [
            *("E*assert (1 + 1) == 3", "out of it", "beside it", "E*ValueError: behind it"),
            *("*UserWarning: look at this", "SKIPPED*not here"),
        ]
    )
    assert (project.path / "collected").read_text() == "x"
    assert {each.read_text() for each in project.path.glob("made-*")} == {"xy"}


def test_a_test_in_which_a_worker_dies_is_told_of_and_the_others_are_run(
    project: pytest.Pytester,
) -> None:
    ran = run(project, SOME_DIE)

    ran.assert_outcomes(passed=58, failed=2)
    ran.stdout.fnmatch_lines_random(["*test_of?7?*", "*test_of?30?*", "w? died here*code 3"])


def test_it_breaks_off_when_it_is_told_to(project: pytest.Pytester) -> None:
    ran = run(project, ONE_FAILS, "--exitfirst")

    outcomes = ran.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes.get("passed", 0) < 2000
    assert ran.ret == pytest.ExitCode.TESTS_FAILED


def test_what_is_raised_behind_the_last_test_is_told(project: pytest.Pytester) -> None:
    ran = run(project, LEAVES_SOMETHING, "-Werror")

    assert ran.ret == pytest.ExitCode.INTERNAL_ERROR
    assert "ValueError: unseen" in ran.stdout.str() + ran.stderr.str()


def test_what_cannot_be_imported_ends_it_as_ever(project: pytest.Pytester) -> None:
    ran = run(project, "import nothing_of_this_name")

    ran.assert_outcomes(errors=1)
    assert ran.ret == pytest.ExitCode.INTERRUPTED
