"""A USB bus that is not there: prints the folder that stands for /sys and /dev, then reads from standard input
descriptions of devices in umockdev's format, each ended by a line with a dot, and plugs them in."""
import sys
import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

bed = UMockdev.Testbed.new()
print(bed.get_root_dir(), flush=True)
text = ""
for line in sys.stdin:
    if line != ".\n":
        text += line
        continue
    bed.add_from_string(text)
    for path in [l[3:].strip() for l in text.splitlines() if l.startswith("P: ")]:
        bed.uevent("/sys" + path, "add")
    text = ""
    print("plugged", flush=True)
