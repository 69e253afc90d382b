"""What a child process may take, and that it does not outlive its parent.

Linux only, like the rest of the gateway. The limits are the kernel's, so they hold inside a C library as well.
"""

import ctypes
import os
import resource
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # It ended before we could ask.
        os._exit(0)


def no_new_rights() -> None:
    """Nothing started from here gets rights that this process does not have."""
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def no_core_dumps() -> None:
    """A core file would hold pictures and passwords."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hold_to(memory_mb: int, files: int = 32) -> None:
    """At most so much more memory than now, few open files, and no file written at all."""
    most = _address_space() + memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    no_core_dumps()
    no_new_rights()


def hold_all_to(memory_mb: int, files: int) -> None:
    """For the process that fetches: so much memory in all, and so many connections if the system lets it."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1024 * 1024, memory_mb * 1024 * 1024))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, most) if most != resource.RLIM_INFINITY else files, most))


def processor_time_from_now(seconds: float) -> None:
    """From now on so much processor time, then the kernel ends the process (SIGXCPU). May be called again."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    # The kernel counts whole seconds.
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, most))


def wants_processor(process: int) -> bool:
    """Whether it runs, or would if it were given a processor; a process that waits for something else does not."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] == b"R"
    except (OSError, IndexError):
        return False


def _address_space() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
