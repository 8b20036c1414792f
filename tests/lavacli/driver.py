# Runs Debian's lavacli, command after command, in one interpreter: starting one for each takes longer than the commands.
# Reads one JSON list of arguments a line, writes {"status": …, "output": …} a line.
import contextlib
import io
import json
import sys

import lavacli

for line in sys.stdin:
    sys.argv = ['lavacli', *json.loads(line)]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            status = lavacli.main()
        except SystemExit as end:
            status = end.code
    sys.__stdout__.write(json.dumps({'status': status or 0, 'output': output.getvalue()}) + '\n')
    sys.__stdout__.flush()
