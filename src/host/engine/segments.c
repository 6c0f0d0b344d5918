#include "segments.h"

#include <string.h>

void segments_move(segments_t *segments, uintptr_t by) {
  segments->base += by;
  for (size_t n = 0; n < segments->count; n++) segments->list[n].start += by;
  if (segments->dynamic.size > 0) segments->dynamic.start += by;
  if (segments->relro.size > 0) segments->relro.start += by;
  segments->tables_end += by;
  if (segments->unwind_table != 0) segments->unwind_table += by;
}

bool segments_is_known_to_loader(const segments_t *segments, uintptr_t address) {
  if (address < segments->tables_end || address - segments->dynamic.start < segments->dynamic.size) return true;
  return address == segments->unwind_table && address != 0;
}

#ifdef __GLIBC__
#include <malloc.h>

/* _dl_new_object gives each library one block from calloc, with struct link_map first (glibc, elf/dl-object.c). */
size_t segments_record_size(void *handle) { return malloc_usable_size(handle); }
#else
size_t segments_record_size(void *handle) {
  (void)handle;
  return 0;
}
#endif

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
    if (header->p_type == PT_GNU_RELRO) found.relro = segment;
    if (header->p_type == PT_GNU_EH_FRAME) found.unwind_table = segment.start;
    if (header->p_type != PT_LOAD) continue;
    if (found.count == SEGMENTS_MAX) whole = false;
    else found.list[found.count++] = segment;
  }
  if (found.dynamic.start != (uintptr_t)search->map->l_ld) return 0;
  *search->segments = found;
  search->whole = whole;
  return 1;
}

/*
 * glibc adds the load address to these entries in place, musl and the Android linker do not: an offset is smaller than
 * the load address. Sizes that are not given end with the next table or do not matter (gABI chapter 5, "Dynamic Section").
 */
static uintptr_t end_of_tables(const ElfW(Dyn) *dynamic, uintptr_t base) {
  uintptr_t starts[3] = {0};
  size_t sizes[3] = {0};
  uintptr_t end = base;
  for (const ElfW(Dyn) *one = dynamic; one->d_tag != DT_NULL; one++) {
    uintptr_t address = (uintptr_t)one->d_un.d_ptr;
    if (address < base) address += base;
    switch (one->d_tag) {
      case DT_SYMTAB:
      case DT_HASH:
      case DT_GNU_HASH:
      case DT_VERSYM:
      case DT_VERNEED:
      case DT_VERDEF:
        if (address + 1 > end) end = address + 1;
        break;
      case DT_STRTAB:
        starts[0] = address;
        break;
      case DT_RELA:
        starts[1] = address;
        break;
      case DT_JMPREL:
        starts[2] = address;
        break;
      case DT_STRSZ:
        sizes[0] = (size_t)one->d_un.d_val;
        break;
      case DT_RELASZ:
        sizes[1] = (size_t)one->d_un.d_val;
        break;
      case DT_PLTRELSZ:
        sizes[2] = (size_t)one->d_un.d_val;
        break;
      default:
        break;
    }
  }
  for (size_t n = 0; n < 3; n++) {
    if (starts[n] + sizes[n] > end) end = starts[n] + sizes[n];
  }
  return end;
}

bool segments_read(void *handle, segments_t *segments) {
  struct link_map *map = NULL;
  memset(segments, 0, sizeof *segments);
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == NULL) return false;
  search_t search = {.map = map, .segments = segments};
  if (dl_iterate_phdr(take_segments, &search) == 0 || !search.whole) {
    memset(segments, 0, sizeof *segments);
    return false;
  }
  segments->tables_end = end_of_tables(map->l_ld, segments->base);
  return true;
}

#endif
