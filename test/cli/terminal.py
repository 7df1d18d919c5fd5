# Runs a command on a pseudo-terminal: reads {"command", "steps"} as JSON from stdin, and prints what the command wrote,
# the terminal's modes where a step asks for them and at the end, and the exit code, negative for a signal.
import fcntl, json, os, pty, select, signal, subprocess, sys, termios, time

LIMIT = 120
spec = json.load(sys.stdin)
master, slave = pty.openpty()


def modes():
    flags = termios.tcgetattr(slave)[3]
    return {
        "echo": bool(flags & termios.ECHO),
        "lines": bool(flags & termios.ICANON),
        "signals": bool(flags & termios.ISIG),
    }


child = subprocess.Popen(
    spec["command"],
    stdin=slave,
    stdout=slave,
    stderr=slave,
    start_new_session=True,
    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
)
deadline = time.monotonic() + LIMIT
output, seen, found = b"", 0, []


def read(wait):
    global output
    if select.select([master], [], [], wait)[0]:
        output += os.read(master, 65536)
        return True
    return False


for step in spec["steps"]:
    if "expect" in step:
        text = step["expect"].encode("latin1")
        while text not in output[seen:] and time.monotonic() < deadline and child.poll() is None:
            read(0.1)
        at = output.find(text, seen)
        seen = len(output) if at < 0 else at + len(text)
    elif "send" in step:
        os.write(master, step["send"].encode("latin1"))
    elif "signal" in step:
        child.send_signal(getattr(signal, step["signal"]))
    elif "modes" in step:
        found.append(modes())
while child.poll() is None and time.monotonic() < deadline:
    read(0.1)
if child.poll() is None:
    child.kill()
while read(0.1):
    pass
found.append(modes())
json.dump({"output": output.decode("latin1"), "modes": found, "code": child.wait()}, sys.stdout)
