"""A USB bus that is not there. Prints the folder that stands for /sys and /dev, then takes a line of JSON for each thing
to do, and prints one for each transfer:

  {"plug": description, "nodes": [...]}           plugs devices in (umockdev's format); the nodes are played by whoever
                                                  writes these lines. Answered by {"plugged": true}
  {"unplug": [syspath, ...]}                      takes them off, answered by {"unplugged": true}
  {"node", "transfer": n, "endpoint", "length", "data", "setup"}   printed: a transfer that a program asks for
  {"transfer": n, "status": errno, "data"}        its answer
  {"node", "event", "value"}                      printed: an interface is set, the device is reset, a transfer
                                                  is given up
"""
import base64
import errno
import json
import struct
import sys
import threading
import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

BULK, CONTROL_URB = 3, 2
# Numbers of usbdevfs's requests, of <linux/usbdevice_fs.h>.
CONTROL, BULK_WAIT, SET_INTERFACE, GET_DRIVER, SUBMIT, DISCARD, REAP, REAP_NOW, IOCTL, RESET, CAPABILITIES = 0, 2, 4, 8, 10, 11, 12, 13, 18, 20, 26
HARMLESS = {3, 5, 15, 16, 21, 27}
ANY_LENGTH = 0x04
URB = "<BBxxiIxxxxQiiiiiIQ"
REAP_PAUSE = 0.005

printing = threading.Lock()


def say(message):
    with printing:
        print(json.dumps(message), flush=True)


def address_of(arg):
    """Where what an argument points to lies in the program. To be asked before it is resolved, which puts a copy in its place."""
    return struct.unpack("<Q", bytes(arg.retrieve())[:8])[0]


class Node:
    """A device node whose transfers are answered by somebody else."""

    waiting = {}
    last = 0

    def __init__(self, path):
        self.path = path
        self.done = []
        self.changed = threading.Condition()
        self.handler = UMockdev.IoctlBase()
        self.handler.connect("handle-ioctl", self.handle)
        bed.attach_ioctl(path, self.handler)

    def handle(self, _handler, client):
        try:
            self.answer(client, client.get_request() & 0xFF)
        except Exception as error:  # a program must not wait for ever because of a mistake here
            print("mock-usb: %r" % error, file=sys.stderr, flush=True)
            client.complete(-1, errno.EIO)
        return True

    def answer(self, client, request):
        arg = client.get_arg()
        if request == CAPABILITIES:
            arg.resolve(0, 4).update(0, struct.pack("<I", ANY_LENGTH))
        elif request == SUBMIT:
            return self.submit(client, address_of(arg), arg.resolve(0, struct.calcsize(URB)))
        elif request in (REAP, REAP_NOW):
            return self.reap(client, arg)
        elif request == DISCARD:
            return self.discard(client, address_of(arg))
        elif request in (CONTROL, BULK_WAIT):
            return self.wait(client, request, arg)
        elif request == SET_INTERFACE:
            say({"node": self.path, "event": "interface", "value": list(struct.unpack("<II", bytes(arg.resolve(0, 8).retrieve())))})
        elif request == RESET:
            say({"node": self.path, "event": "reset", "value": []})
        elif request in (GET_DRIVER, IOCTL):
            client.complete(-1, errno.ENODATA)
            return
        elif request not in HARMLESS:
            client.complete(-1, errno.ENOTTY)
            return
        client.complete(0, 0)

    def submit(self, client, address, urb):
        kind, endpoint, _status, _flags, _buffer, length, *_rest = struct.unpack(URB, bytes(urb.retrieve()))
        buffer = urb.resolve(16, length) if length > 0 else None
        content = bytes(buffer.retrieve()) if buffer else b""
        setup = content[:8] if kind == CONTROL_URB else b""
        into = (setup[0] if setup else endpoint) & 0x80
        message = {"endpoint": endpoint & 0x8F, "length": length - len(setup), "setup": setup.hex(), "data": "" if into else base64.b64encode(content[len(setup):]).decode()}

        def finish(status, data):
            if buffer and data:
                buffer.update(len(setup), data)
            urb.update(4, struct.pack("<i", -status))
            urb.update(28, struct.pack("<i", len(data) if into else length - len(setup) if status == 0 else 0))
            with self.changed:
                self.done.append(urb)
                self.changed.notify()

        self.ask(message, finish, address)
        client.complete(0, 0)

    def ask(self, message, finish, address=0):
        with printing:
            Node.last += 1
            number = Node.last
            Node.waiting[number] = (self, address, finish)
        say({"node": self.path, "transfer": number, **message})

    def reap(self, client, arg):
        with self.changed:
            if not self.done:
                self.changed.wait(REAP_PAUSE)
            urb = self.done.pop(0) if self.done else None
        if urb is None:
            client.complete(-1, errno.EAGAIN)
        else:
            arg.resolve(0, 8).set_ptr(0, urb)
            client.complete(0, 0)

    def discard(self, client, address):
        for number, (node, at, finish) in list(Node.waiting.items()):
            if node is self and at == address and Node.waiting.pop(number, None):
                say({"node": self.path, "event": "cancel", "value": [number]})
                finish(errno.ENOENT, b"")
                client.complete(0, 0)
                return
        client.complete(-1, errno.EINVAL)

    def wait(self, client, request, arg):
        """The old calls, which come back when the transfer is over."""
        words = arg.resolve(0, 24)
        head = bytes(words.retrieve())
        if request == CONTROL:
            setup, length, endpoint, at = head[:8], struct.unpack("<H", head[6:8])[0], 0, 16
        else:
            (endpoint, length), setup, at = struct.unpack("<II", head[:8]), b"", 16
        buffer = words.resolve(at, length) if length > 0 else None
        into = (setup[0] if setup else endpoint) & 0x80
        content = b"" if into or not buffer else bytes(buffer.retrieve())

        def finish(status, data):
            if buffer and data:
                buffer.update(0, data)
            client.complete(-1, status) if status else client.complete(len(data) if into else length, 0)

        self.ask({"endpoint": endpoint, "length": length, "setup": setup.hex(), "data": base64.b64encode(content).decode()}, finish)


bed = UMockdev.Testbed.new()
nodes = []
print(bed.get_root_dir(), flush=True)
for line in sys.stdin:
    order = json.loads(line)
    if "plug" in order:
        bed.add_from_string(order["plug"])
        nodes += [Node(path) for path in order["nodes"]]
        for path in [l[3:].strip() for l in order["plug"].splitlines() if l.startswith("P: ")]:
            bed.uevent("/sys" + path, "add")
        say({"plugged": True})
    elif "unplug" in order:
        for path in order["unplug"]:
            bed.uevent("/sys" + path, "remove")
            bed.remove_device("/sys" + path)
        say({"unplugged": True})
    else:
        known = Node.waiting.pop(order["transfer"], None)
        if known:
            known[2](order["status"], base64.b64decode(order["data"]))
