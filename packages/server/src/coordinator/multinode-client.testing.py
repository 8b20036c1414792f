"""Lets LAVA's own client of the coordinator take part in a group: join, send, wait for all, meet, and leave."""
import json
import sys

from lava_dispatcher.protocols.multinode import MultinodeProtocol

port, job, group, role, size = sys.argv[1:]
multinode = {"target_group": group, "role": role, "group_size": int(size)}
protocol = MultinodeProtocol({"protocols": {"lava-multinode": multinode}, "target": "q"}, job)
protocol.settings = {"port": int(port), "blocksize": 4096, "poll_delay": 1, "coordinator_hostname": "127.0.0.1"}
protocol.base_message = {"port": int(port), "blocksize": 4096, "poll_delay": 1, "host": "127.0.0.1", "hostname": "here",
                         "client_name": job, "group_name": group, "role": role}
protocol.initialise_group()
protocol.request_send("ready", {"from": role})
said = {"ready": json.loads(protocol.request_wait_all("ready")), "end": json.loads(protocol.request_sync("end")), "again": json.loads(protocol.request_wait("ready"))}
protocol.finalise_protocol()
print(json.dumps(said))
