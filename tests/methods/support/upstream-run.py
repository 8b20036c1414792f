"""Runs one job on LAVA's own dispatcher (Debian: lava-dispatcher) without a server. Arguments: a JSON file with definition,
device and dispatcher as texts, job id, folder of the TFTP server; writes the records of the log to the file `log`."""
import json
import sys
import time

import yaml
from lava_common.log import YAMLLogger
import logging

logging.setLoggerClass(YAMLLogger)

from lava_dispatcher import utils  # noqa: E402
from lava_dispatcher.utils import filesystem  # noqa: E402
from lava_dispatcher.device import PipelineDevice  # noqa: E402
from lava_dispatcher.parser import JobParser  # noqa: E402

with open(sys.argv[1]) as source:
    given = json.load(source)
filesystem.tftpd_dir = lambda: given["tftp"]

out = open(given["log"], "w")


class Writer(logging.Handler):
    def emit(self, record):
        out.write(record.getMessage() + "\n")
        out.flush()


logger = logging.getLogger("dispatcher")
logger.setLevel(logging.DEBUG)
logger.handler = None
logger.addHandler(Writer())

device = PipelineDevice(yaml.safe_load(given["device"]))
job = JobParser().parse(given["definition"], device, given["id"], logger, yaml.safe_load(given["dispatcher"]), "")
try:
    job.validate()
    job.run()
    failed = None
except Exception as exc:  # what upstream's own program does with it is not compared
    failed = "%s: %s" % (type(exc).__name__, exc)
out.close()
print(json.dumps({"failed": failed}))
