#include "segments.h"

#include <string.h>

#ifdef __APPLE__

/* dyld tells segments by load commands, which nothing here reads yet. */
bool segments_read(void *handle, segments_t *segments) {
  (void)handle;
  memset(segments, 0, sizeof *segments);
  return false;
}

#else

#include <dlfcn.h>
#include <link.h>

typedef struct search {
  const struct link_map *map;
  segments_t *segments;
  bool whole;
} search_t;

static segment_kind_t kind_of(ElfW(Word) flags) {
  if (flags & PF_W) return SEGMENT_DATA;
  return flags & PF_X ? SEGMENT_CODE : SEGMENT_CONSTANT;
}

static int take_segments(struct dl_phdr_info *info, size_t size, void *argument) {
  (void)size;
  search_t *search = argument;
  segments_t found = {.base = (uintptr_t)info->dlpi_addr};
  bool whole = true;
  for (ElfW(Half) n = 0; n < info->dlpi_phnum; n++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[n];
    segment_t segment = {.kind = kind_of(header->p_flags),
                         .start = found.base + (uintptr_t)header->p_vaddr,
                         .size = (size_t)header->p_memsz,
                         .file_size = (size_t)header->p_filesz};
    if (header->p_type == PT_DYNAMIC) found.dynamic = segment;
    if (header->p_type != PT_LOAD) continue;
    if (found.count == SEGMENTS_MAX) whole = false;
    else found.list[found.count++] = segment;
  }
  if (found.dynamic.start != (uintptr_t)search->map->l_ld) return 0;
  *search->segments = found;
  search->whole = whole;
  return 1;
}

bool segments_read(void *handle, segments_t *segments) {
  struct link_map *map = NULL;
  memset(segments, 0, sizeof *segments);
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == NULL) return false;
  search_t search = {.map = map, .segments = segments};
  return dl_iterate_phdr(take_segments, &search) != 0 && search.whole;
}

#endif
