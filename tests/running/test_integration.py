from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration

CONFTEST = """
pytest_plugins = ["tests.running.integration", "tests.running.missing"]
"""
TESTS = """
import socket, subprocess, sys
import pytest

def test_of_a_function():
    pass

def test_of_a_socket():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))

@pytest.mark.integration
def test_of_a_process():
    subprocess.run([sys.executable, "-c", ""], check=True)

@pytest.fixture
def workspace():
    pytest.skip("there is no Slack.")

def test_of_a_workspace(workspace):
    pass

def test_of_another(workspace):
    pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    return pytester


def test_what_reaches_out_must_say_so(project: pytest.Pytester) -> None:
    ran = project.runpytest("-p", "no:xdist")

    ran.assert_outcomes(passed=2, failed=1, skipped=2)
    ran.stdout.fnmatch_lines(["*socket.bind: say that this is one with @pytest.mark.integration"])


def test_the_quick_ones_are_those_that_start_nothing(project: pytest.Pytester) -> None:
    project.runpytest("-m", "not integration").assert_outcomes(passed=1, failed=1, deselected=3)


def test_what_did_not_run_is_one_line_for_each_reason(project: pytest.Pytester) -> None:
    ran = project.runpytest("-m", "integration")

    ran.stdout.fnmatch_lines(["Did not run, 2 of the tests: there is no Slack."])
