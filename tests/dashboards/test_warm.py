"""A kernel that is a copy of another process: what is known of it is told, and its end disturbs nobody."""

import signal
import subprocess
import threading

from murmuration.dashboards.warm import Copy


def test_the_end_of_a_kernel_is_told_whenever_somebody_asks():
    for _ in range(150):
        with subprocess.Popen(["sleep", "0.002"]) as process:
            copy = Copy(process.pid)
            # Taken away at once, as the system does with copies: it may go in the middle of a question.
            threading.Thread(target=process.wait).start()
            while copy.poll() is None:
                pass
            assert copy.returncode == 0
            copy.send_signal(signal.SIGTERM)  # nobody is there any more


def test_a_kernel_ends_when_it_is_told_to():
    with subprocess.Popen(["sleep", "600"]) as process:
        copy = Copy(process.pid)
        assert copy.poll() is None
        copy.kill()
        assert process.wait(60) == -signal.SIGKILL
        assert copy.wait(60) == 0
        assert copy.poll() == 0
