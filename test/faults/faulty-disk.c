/* Preloaded into a broker (LD_PRELOAD): file operations under a path fail with an errno or take their time. What and where stands in a
 * shared page, which the test writes while the broker runs (faulty-disk.ts). A write that fails leaves its first half behind. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, OPEN = 4, NAME = 8 };
struct rule { int operations, error, delay_ms, active; char prefix[240]; };
static struct rule *rules;
#define RULES 16

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("ODRADEK_TEST_FAULTS");
  int fd = path ? open(path, O_RDONLY) : -1;
  if (fd < 0) return;
  void *page = mmap(NULL, RULES * sizeof(struct rule), PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) rules = page;
  close(fd);
}

/* 0, or the errno that the operation shall fail with. */
static int check(int operation, const char *path) {
  if (!rules) return 0;
  for (int i = 0; i < RULES; i++) {
    if (!rules[i].active || !(rules[i].operations & operation)) continue;
    if (strncmp(path, rules[i].prefix, strlen(rules[i].prefix)) != 0) continue;
    if (rules[i].delay_ms) {
      struct timespec wait = {rules[i].delay_ms / 1000, (rules[i].delay_ms % 1000) * 1000000L};
      nanosleep(&wait, NULL);
    }
    if (rules[i].error) return rules[i].error;
  }
  return 0;
}

static int check_fd(int operation, int fd) {
  char link[64], path[4096];
  if (!rules) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return check(operation, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(code) do { int failed = (code); if (failed) { errno = failed; return -1; } } while (0)

#define PWRITE(name, off) \
  ssize_t name(int fd, const void *bytes, size_t count, off at) { \
    int failed = check_fd(WRITE, fd); \
    if (!failed) return REAL(name)(fd, bytes, count, at); \
    if (count > 1 && REAL(name)(fd, bytes, count / 2, at) < 0) {} \
    errno = failed; \
    return -1; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { FAIL(check_fd(WRITE, fd)); return REAL(pwritev)(fd, v, n, at); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) { FAIL(check_fd(WRITE, fd)); return REAL(pwritev64)(fd, v, n, at); }
ssize_t write(int fd, const void *bytes, size_t count) { FAIL(check_fd(WRITE, fd)); return REAL(write)(fd, bytes, count); }
int fsync(int fd) { FAIL(check_fd(SYNC, fd)); return REAL(fsync)(fd); }
int fdatasync(int fd) { FAIL(check_fd(SYNC, fd)); return REAL(fdatasync)(fd); }
int rename(const char *from, const char *to) { FAIL(check(NAME, from)); return REAL(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { FAIL(check(NAME, path)); return REAL(mkdir)(path, mode); }
int unlink(const char *path) { FAIL(check(NAME, path)); return REAL(unlink)(path); }

#define OPENS(name) \
  int name(const char *path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0; \
    va_end(arguments); \
    if (flags & (O_WRONLY | O_RDWR | O_CREAT)) FAIL(check(OPEN, path)); \
    return REAL(name)(path, flags, mode); \
  }
OPENS(open)
OPENS(open64)
