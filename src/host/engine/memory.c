#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __APPLE__
#include "platform.h"
#else
#include <dlfcn.h>
#include <link.h>
#include <sys/uio.h>
#endif

/* A pipe holds at least one page (pipe(7)); more than its room is written in parts. */
#define PART 65536

#ifdef __APPLE__

bool memory_read(uintptr_t address, void *to, size_t size) { return memory_read_by_pipe(address, to, size); }

/* Dylibs are linked for address 0, so that their header's address is what is added (Mach-O, segment_command_64). */
int memory_load_base(void *handle, uintptr_t *base) {
  uintptr_t high;
  return platform_image_range(handle, base, &high);
}

#else

/* process_vm_readv(2): ends early, or fails with EFAULT, where a page cannot be read. A sandbox may not allow it. */
bool memory_read(uintptr_t address, void *to, size_t size) {
  size_t done = 0;
  while (done < size) {
    struct iovec local = {.iov_base = (char *)to + done, .iov_len = size - done};
    struct iovec remote = {.iov_base = (void *)(address + done), .iov_len = size - done};
    ssize_t copied = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (copied < 0 && errno != EFAULT) return memory_read_by_pipe(address, to, size);
    if (copied <= 0) return false;
    done += (size_t)copied;
  }
  return true;
}

int memory_load_base(void *handle, uintptr_t *base) {
  struct link_map *map = NULL;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == NULL) return -1;
  *base = (uintptr_t)map->l_addr;
  return 0;
}

#endif

static bool read_back(int pipe, char *to, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t got = read(pipe, to + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += (size_t)got;
  }
  return true;
}

/* The kernel copies what write(2) is given and answers EFAULT, where reading it here would be a fault. */
bool memory_read_by_pipe(uintptr_t address, void *to, size_t size) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  size_t done = 0;
  while (done < size) {
    size_t part = size - done < PART ? size - done : PART;
    ssize_t written = write(ends[1], (const void *)(address + done), part);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0 || !read_back(ends[0], (char *)to + done, (size_t)written)) break;
    done += (size_t)written;
  }
  close(ends[0]);
  close(ends[1]);
  return done == size;
}
