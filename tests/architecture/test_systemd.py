"""What systemd itself says about our units."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
EXPOSURE = 25  # in tenths, as --threshold counts

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed"),
]


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_units_are_what_the_design_names():
    assert [unit.name for unit in SERVICES] == ["mailflow-backup.service", "mailflow.service"]
    assert (UNITS / "mailflow-backup.timer").is_file()


def test_systemd_understands_every_line(tmp_path):
    program = shutil.which("true")
    assert program
    for unit in [*SERVICES, *UNITS.glob("*.timer")]:
        text = unit.read_text("utf-8").replace("/opt/mailflow/bin/mailflow", program)
        (tmp_path / unit.name).write_text(text, "utf-8")
    ran = analyze("verify", "--man=no", *sorted(tmp_path.iterdir()))
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_stolen_service_could_do_little(unit):
    ran = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    assert ran.returncode == 0, ran.stdout


def test_the_service_may_bind_port_25_and_nothing_else():
    lines = (UNITS / "mailflow.service").read_text("utf-8").splitlines()
    assert [line for line in lines if "CAP_" in line] == [
        "AmbientCapabilities=CAP_NET_BIND_SERVICE",
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
    ]


def test_both_services_share_one_user_and_one_folder():
    for unit in SERVICES:
        lines = unit.read_text("utf-8").splitlines()
        assert {"User=mailflow", "Group=mailflow", "StateDirectory=mailflow", "UMask=0077"} <= set(lines)
        (start,) = [line for line in lines if line.startswith("ExecStart=")]
        assert start.endswith("--folder /var/lib/mailflow")
