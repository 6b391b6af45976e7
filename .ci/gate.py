"""Whether a test run may pass: nothing skipped for want of a package, and coverage as promised.

`.ci/run` calls it with the run's JUnit report and coverage.json; what is missing is printed, and exits 1.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

LEAST = 90.0  # per cent of lines and branches of gateway/
WHOLE = (
    "gateway/orders/lifecycle.py",
    "gateway/orders/decide.py",
    "gateway/inventory/reorder.py",
    "gateway/inventory/decide.py",
)


def skipped(report: Path) -> Iterator[str]:
    """A line for each test that did not run; expected failures are no skips."""
    for test in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - our own pytest wrote it
        for skip in test.iter("skipped"):
            if skip.get("type") != "pytest.xfail":
                yield f"skipped: {test.get('classname')}.{test.get('name')}: {skip.get('message')}"


def uncovered(report: Path) -> Iterator[str]:
    """A line for each promise about coverage that is not kept."""
    covered = json.loads(report.read_text("utf-8"))
    overall = covered["totals"]["percent_covered"]
    print(f"gateway/: {overall:.1f} % of lines and branches")
    if overall < LEAST:
        yield f"gateway/: {overall:.1f} % is covered, {LEAST:.0f} % are promised"
    for name in WHOLE:
        file = covered["files"].get(name)
        if file is None:
            yield f"{name}: not measured"
        elif file["missing_lines"] or file["missing_branches"]:
            yield f"{name}: not covered: {file['missing_lines']}, branches {file['missing_branches']}"


def main(tests: Path, coverage: Path) -> int:
    for report in (tests, coverage):
        if not report.is_file():
            print(f"{report.name}: the tests have not written it")
            return 1
    problems = [*skipped(tests), *uncovered(coverage)]
    print("\n".join(problems) if problems else "nothing skipped, all covered that must be")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
