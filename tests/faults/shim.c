/* Preloaded into a process: lets calls on chosen files, or on threads, fail with a chosen error. For tests only.
 *
 * FAULTS names a file of int32 numbers that is mapped, so that the test changes them while the process runs:
 * the errno of [0] writes, [1] syncs, [2] reads, [3] opens, [4] new threads; 0 lets the call through.
 * FAULTS_ON is part of the names of the files that are meant. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITES, SYNCS, READS, OPENS, THREADS, KINDS };

static volatile int32_t *armed(void) {
    static volatile int32_t *map;
    const char *path;
    int fd;
    void *found;
    if (map || !(path = getenv("FAULTS"))) return map;
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    if ((fd = real(path, O_RDONLY | O_CLOEXEC)) < 0) return NULL;
    found = mmap(NULL, KINDS * sizeof(int32_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (found != MAP_FAILED) map = found;
    return map;
}

static int named(const char *path) {
    const char *part = getenv("FAULTS_ON");
    return part && path && strstr(path, part) != NULL;
}

static int fault(int kind) { return armed() ? armed()[kind] : 0; }

/* Whether a call of this kind on this descriptor is to fail; then errno is set. */
static int fails(int kind, int fd) {
    char link[64], path[4096];
    ssize_t length;
    int saved = errno, what = fault(kind);
    if (!what) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length < 0) return 0;
    path[length] = 0;
    if (!named(path)) return 0;
    errno = what;
    return 1;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t n) { REAL(write); return fails(WRITES, fd) ? -1 : real(fd, bytes, n); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    REAL(pwrite);
    return fails(WRITES, fd) ? -1 : real(fd, bytes, n, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    REAL(pwrite64);
    return fails(WRITES, fd) ? -1 : real(fd, bytes, n, at);
}
ssize_t read(int fd, void *bytes, size_t n) { REAL(read); return fails(READS, fd) ? -1 : real(fd, bytes, n); }
ssize_t pread(int fd, void *bytes, size_t n, off_t at) { REAL(pread); return fails(READS, fd) ? -1 : real(fd, bytes, n, at); }
ssize_t pread64(int fd, void *bytes, size_t n, off64_t at) {
    REAL(pread64);
    return fails(READS, fd) ? -1 : real(fd, bytes, n, at);
}
int fsync(int fd) { REAL(fsync); return fails(SYNCS, fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); return fails(SYNCS, fd) ? -1 : real(fd); }

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    int what = fault(OPENS);
    if (what && named(path)) {
        errno = what;
        return -1;
    }
    return real(path, flags, mode);
}

#define OPEN(name)                                   \
    int name(const char *path, int flags, ...) {     \
        va_list rest;                                \
        mode_t mode;                                 \
        va_start(rest, flags);                       \
        mode = va_arg(rest, mode_t);                 \
        va_end(rest);                                \
        return opened(#name, path, flags, mode);     \
    }
OPEN(open)
OPEN(open64)

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*work)(void *), void *with) {
    REAL(pthread_create);
    int what = fault(THREADS);
    return what ? what : real(thread, how, work, with);
}
