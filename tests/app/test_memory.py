"""What mail has used for a moment is given back."""

import subprocess
import sys

import pytest

# In a thread, as mail is parsed: large blocks first, then small ones among which they lay.
USED = """
import ctypes, threading
from gateway.app.memory import give_back
assert give_back()
kept = []
def work():
    blocks = [bytearray(4 * 2**20) for _ in range(20)]
    kept.append([bytes(200) for _ in range(1000)])
    blocks.clear()
for _ in range(4):
    thread = threading.Thread(target=work); thread.start(); thread.join()
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(int(status["VmRSS"].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_a_large_mail_is_forgotten_by_the_memory_too():
    ran = subprocess.run([sys.executable, "-c", USED], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 60, "80 MiB were in use for a moment"
