"""Runs one job on LAVA's own dispatcher (Debian: lava-dispatcher), without a server and its log as YAML records in a file.
Argument: a JSON file with paths of definition, device and dispatcher settings, the job's id, the folder of the TFTP server
and the path of the log. The folder is the only thing that is not as LAVA finds it: it would look into /etc."""
import json
import logging
import sys
from pathlib import Path

from lava_common.log import YAMLLogger
from lava_dispatcher.device import NewDevice
from lava_dispatcher.parser import JobParser
from lava_dispatcher.utils import filesystem

given = json.loads(Path(sys.argv[1]).read_text())
filesystem.tftpd_dir = lambda: given["tftp"]

logging.setLoggerClass(YAMLLogger)
logger = logging.getLogger("dispatcher")
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.FileHandler(given["log"]))

job = JobParser().parse(
    Path(given["definition"]).read_text(),
    NewDevice(given["device"]),
    given["id"],
    logger=logger,
    dispatcher_config=Path(given["dispatcher"]).read_text(),
    env_dut=None,
)
failed = None
try:
    job.validate()
    job.run()
except Exception as exc:
    failed = "%s: %s" % (type(exc).__name__, exc)
finally:
    job.cleanup(connection=None)
print(json.dumps({"failed": failed}))
