"""What `make test` says at its end of whatever it did not run."""

from __future__ import annotations

from pathlib import Path

from tests.run import read_skipped

REPORT = """<testsuites><testsuite>
<testcase name="a"><skipped message="needs root">x</skipped></testcase>
<testcase name="b"/>
<testcase name="c"><skipped message="needs root">y</skipped></testcase>
<testcase name="d"><skipped message="no fuser">z</skipped></testcase>
</testsuite></testsuites>"""


def test_each_reason_is_named_once_with_its_number_of_tests(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert read_skipped(report) == ["needs root (2 tests)", "no fuser (1 test)"]


def test_a_run_without_skips_names_none_and_one_without_a_report_says_so(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert read_skipped(report) == ["what was skipped is not known: the run left no report"]
    report.write_text("<testsuites/>")
    assert read_skipped(report) == []
