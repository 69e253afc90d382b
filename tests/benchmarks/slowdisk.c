/* Makes the disk of one process as slow as a chosen one: every fsync and fdatasync takes SLOWDISK_US longer.
 *
 * Loaded with LD_PRELOAD into the gateways by `bench tap --fsync-ms`, because some machines answer an fsync from a cache
 * and hide what grouping commits is for. It sleeps as a disk does, without using the processor.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_call)(int);

static int slowly(const char *name, int descriptor) {
    static long microseconds = -1;
    if (microseconds < 0) {
        const char *text = getenv("SLOWDISK_US");
        microseconds = text ? atol(text) : 0;
    }
    struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
    while (nanosleep(&pause, &pause)) {}
    return ((sync_call)dlsym(RTLD_NEXT, name))(descriptor);
}

int fsync(int descriptor) { return slowly("fsync", descriptor); }

int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
