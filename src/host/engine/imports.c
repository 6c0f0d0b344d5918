#include "imports.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wipe.h"

#ifdef __APPLE__

/* Mach-O binds in another way, which nothing here does yet. */
bool imports_read(imports_t *imports, const segments_t *segments, const char *wanted, hot_failure_t *failure) {
  (void)imports;
  (void)segments;
  if (wanted == NULL || wanted[0] == 0) return true;
  failure->problem = HOT_NOT_LOADED;
  strncpy(failure->text, "modules cannot use each other's symbols on this system yet", sizeof failure->text - 1);
  return false;
}

void imports_construct(const segments_t *segments) { (void)segments; }

#else

#include <link.h>

/* What the dynamic section says (gABI chapter 5). Addresses are those in memory. */
typedef struct tables {
  const ElfW(Sym) *symbols;
  const char *strings;
  const ElfW(Rela) *relocations[2]; /* DT_RELA and DT_JMPREL */
  size_t counts[2];
} tables_t;

/* How a relocation uses its symbol (psABI x86-64, table 4.9; ELF for the Arm 64-bit Architecture, 5.7.16). */
typedef enum use { USE_ADDRESS, USE_OTHER } use_t;

static use_t use_of(uint32_t type) {
#if defined(__x86_64__)
  return type == R_X86_64_64 || type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT ? USE_ADDRESS : USE_OTHER;
#elif defined(__aarch64__)
  return type == R_AARCH64_ABS64 || type == R_AARCH64_GLOB_DAT || type == R_AARCH64_JUMP_SLOT ? USE_ADDRESS : USE_OTHER;
#else
  (void)type;
  return USE_OTHER;
#endif
}

/* glibc adds the load address to the entries it knows in place, other loaders and entries of ours are left as they were. */
static uintptr_t in_memory(uintptr_t address, uintptr_t base) { return address < base ? address + base : address; }

static void read_tables(const segments_t *segments, tables_t *tables) {
  const ElfW(Dyn) *one = (const ElfW(Dyn) *)segments->dynamic.start;
  for (; one->d_tag != DT_NULL; one++) {
    const void *address = (const void *)in_memory((uintptr_t)one->d_un.d_ptr, segments->base);
    switch (one->d_tag) {
      case DT_SYMTAB:
        tables->symbols = address;
        break;
      case DT_STRTAB:
        tables->strings = address;
        break;
      case DT_RELA:
        tables->relocations[0] = address;
        break;
      case DT_JMPREL:
        tables->relocations[1] = address;
        break;
      case DT_RELASZ:
        tables->counts[0] = (size_t)one->d_un.d_val / sizeof(ElfW(Rela));
        break;
      case DT_PLTRELSZ:
        tables->counts[1] = (size_t)one->d_un.d_val / sizeof(ElfW(Rela));
        break;
      default:
        break;
    }
  }
}

typedef struct wish {
  const char *symbol;
  const char *provider;
  bool optional;
} wish_t;

static int by_symbol(const void *a, const void *b) {
  return strcmp(((const wish_t *)a)->symbol, ((const wish_t *)b)->symbol);
}

/* The lines as a sorted list whose names point into text, which is cut up. NULL where memory is short. */
static wish_t *read_wishes(char *text, size_t *count) {
  size_t lines = 0;
  for (const char *at = text; *at != 0; at++) lines += *at == '\n';
  wish_t *list = calloc(lines + 1, sizeof *list);
  if (list == NULL) return NULL;
  char *rest = text;
  for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
    char *provider = strrchr(line, '=');
    if (provider == NULL) continue;
    *provider++ = 0;
    bool optional = line[0] == '?';
    list[(*count)++] = (wish_t){.symbol = line + optional, .provider = provider, .optional = optional};
  }
  qsort(list, *count, sizeof *list, by_symbol);
  return list;
}

static bool add(imports_t *imports, const import_t *import) {
  if (imports->count == imports->capacity) {
    size_t capacity = imports->capacity == 0 ? 16 : imports->capacity * 2;
    import_t *list = realloc(imports->list, capacity * sizeof *list);
    if (list == NULL) return false;
    imports->list = list;
    imports->capacity = capacity;
  }
  imports->list[imports->count++] = *import;
  return true;
}

static bool refuse_use(hot_failure_t *failure, const wish_t *wish) {
  failure->problem = HOT_NOT_LOADED;
  strncpy(failure->text, "it uses a symbol of another module in a way that cannot follow reloads (thread-local): ",
          sizeof failure->text - 1);
  strncat(failure->text, wish->symbol, sizeof failure->text - strlen(failure->text) - 1);
  return false;
}

static bool take_relocation(imports_t *imports, const tables_t *tables, const ElfW(Rela) *one, uintptr_t base,
                            const wish_t *wishes, size_t count, hot_failure_t *failure) {
  const ElfW(Sym) *symbol = &tables->symbols[ELF64_R_SYM(one->r_info)];
  if (ELF64_R_SYM(one->r_info) == 0 || symbol->st_shndx != SHN_UNDEF) return true;
  wish_t key = {.symbol = tables->strings + symbol->st_name};
  const wish_t *wish = bsearch(&key, wishes, count, sizeof *wishes, by_symbol);
  if (wish == NULL) return true;
  uint32_t type = (uint32_t)ELF64_R_TYPE(one->r_info);
  if (use_of(type) != USE_ADDRESS) return refuse_use(failure, wish);
  import_t import = {.place = base + (uintptr_t)one->r_offset,
                     .addend = (uintptr_t)one->r_addend,
                     .symbol = wish->symbol,
                     .provider = wish->provider,
                     .optional = wish->optional};
  if (import.place % sizeof(uintptr_t) != 0) return refuse_use(failure, wish);
  if (add(imports, &import)) return true;
  failure->problem = HOT_NO_MEMORY;
  return false;
}

bool imports_read(imports_t *imports, const segments_t *segments, const char *wanted, hot_failure_t *failure) {
  if (wanted == NULL || wanted[0] == 0) return true;
  size_t count = 0;
  imports->text = strdup(wanted);
  wish_t *wishes = imports->text == NULL ? NULL : read_wishes(imports->text, &count);
  if (wishes == NULL) {
    failure->problem = HOT_NO_MEMORY;
    return false;
  }
  tables_t tables = {0};
  read_tables(segments, &tables);
  bool taken = true;
  for (size_t n = 0; n < 2; n++) {
    const ElfW(Rela) *list = tables.relocations[n];
    for (size_t at = 0; taken && list != NULL && at < tables.counts[n]; at++) {
      taken = take_relocation(imports, &tables, &list[at], segments->base, wishes, count, failure);
    }
  }
  free(wishes);
  return taken;
}

/* glibc's types of what stands in DT_INIT and DT_INIT_ARRAY (elf/dl-init.c); others give no arguments and lose nothing. */
typedef void (*constructor_t)(int, char **, char **);

void imports_construct(const segments_t *segments) {
  static char *no_arguments[] = {NULL};
  constructor_t first = NULL;
  const constructor_t *list = NULL;
  size_t count = 0;
  for (const ElfW(Dyn) *one = (const ElfW(Dyn) *)segments->dynamic.start; one->d_tag != DT_NULL; one++) {
    uintptr_t address = in_memory((uintptr_t)one->d_un.d_ptr, segments->base);
    if (one->d_tag == HOT_DT_INIT) memcpy(&first, &address, sizeof first);
    if (one->d_tag == HOT_DT_INIT_ARRAY) list = (const constructor_t *)address;
    if (one->d_tag == HOT_DT_INIT_ARRAYSZ) count = (size_t)one->d_un.d_val / sizeof(constructor_t);
  }
  if (first != NULL) first(0, no_arguments, environ);
  for (size_t n = 0; list != NULL && n < count; n++) list[n](0, no_arguments, environ);
}

#endif

/* Freed memory keeps what was in it, and a search of it would take the places for pointers into the image. */
void imports_free(imports_t *imports) {
  if (imports->list != NULL) wipe(imports->list, imports->capacity * sizeof *imports->list);
  free(imports->text);
  free(imports->list);
  memset(imports, 0, sizeof *imports);
}
