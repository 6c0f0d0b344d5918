#include "pages.h"

#include <fcntl.h>
#include <unistd.h>

/* One entry of /proc/self/pagemap for each page (Linux, Documentation/admin-guide/mm/pagemap.rst). */
#define PRESENT (1ull << 63)
#define SWAPPED (1ull << 62)
#define AT_ONCE 512u

void pages_close(pages_t *pages) {
  if (pages->file >= 0) close(pages->file);
  pages->file = -1;
}

/* How many entries were read; 0 where there are none to be had. */
static size_t read_entries(const pages_t *pages, uint64_t first, uint64_t end, uint64_t entries[AT_ONCE]) {
  size_t count = end - first < AT_ONCE ? (size_t)(end - first) : AT_ONCE;
  if (pages->file < 0) return 0;
  ssize_t got = pread(pages->file, entries, count * sizeof *entries, (off_t)(first * sizeof *entries));
  return got < 0 ? 0 : (size_t)got / sizeof *entries;
}

/* An emulated program may have its memory at other addresses than the system says: this stack, which is used, must be. */
static bool is_true(const pages_t *pages) {
  volatile char here = 0;
  uint64_t entries[AT_ONCE];
  uint64_t page = (uintptr_t)&here / pages->page_size;
  return read_entries(pages, page, page + 1, entries) == 1 && (entries[0] & (PRESENT | SWAPPED)) != 0;
}

void pages_open(pages_t *pages) {
  long size = sysconf(_SC_PAGESIZE);
  pages->page_size = size > 0 ? (size_t)size : 4096;
  pages->file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (!is_true(pages)) pages_close(pages);
}

bool pages_next_used(const pages_t *pages, uintptr_t from, uintptr_t end, uintptr_t *start, uintptr_t *stop) {
  uint64_t entries[AT_ONCE];
  uint64_t page = from / pages->page_size;
  uint64_t last = (end + pages->page_size - 1) / pages->page_size;
  bool inside = false;
  *stop = end;
  while (from < end && page < last) {
    size_t count = read_entries(pages, page, last, entries);
    /* What is not known may hold anything. */
    if (count == 0) {
      if (!inside) *start = from > page * pages->page_size ? from : (uintptr_t)(page * pages->page_size);
      return true;
    }
    for (size_t n = 0; n < count; n++, page++) {
      bool used = (entries[n] & (PRESENT | SWAPPED)) != 0;
      uintptr_t address = (uintptr_t)(page * pages->page_size);
      if (used && !inside) *start = from > address ? from : address;
      if (!used && inside) *stop = address;
      if (!used && inside) return true;
      inside = used;
    }
  }
  return inside;
}
