#include "maps.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DELETED " (deleted)"
#define LINE_BYTES (PATH_MAX + 128)

bool maps_open(maps_t *maps) {
  maps->file = fopen("/proc/self/maps", "re");
  return maps->file != NULL;
}

void maps_close(maps_t *maps) { fclose(maps->file); }

/* `start-end access offset device inode    path` */
static bool read_line(char *line, maps_t *maps, const char **path) {
  char *at;
  maps->start = (uintptr_t)strtoull(line, &at, 16);
  if (*at != '-') return false;
  maps->end = (uintptr_t)strtoull(at + 1, &at, 16);
  if (strlen(at) < 6) return false;
  memcpy(maps->access, at + 1, 4);
  maps->access[4] = 0;
  at += 5;
  for (int field = 0; field < 3; field++) {
    at += strspn(at, " ");
    at += strcspn(at, " \n");
  }
  at += strspn(at, " ");
  at[strcspn(at, "\n")] = 0;
  *path = at;
  return true;
}

static bool next_line(maps_t *maps, char *line, const char **path) {
  while (fgets(line, LINE_BYTES, maps->file) != NULL) {
    if (read_line(line, maps, path)) return true;
  }
  return false;
}

bool maps_next(maps_t *maps) {
  char line[LINE_BYTES];
  const char *path;
  if (!next_line(maps, line, &path)) return false;
  strncpy(maps->path, path, sizeof maps->path - 1);
  maps->path[sizeof maps->path - 1] = 0;
  return true;
}

/* A line break in a name is written otherwise in the list. */
char *maps_name(const char *path) {
  char *name = realpath(path, NULL);
  if (name == NULL || strchr(name, '\n') == NULL) return name;
  free(name);
  return NULL;
}

static bool is_file(const char *path, const char *name) {
  size_t length = strlen(name);
  return strncmp(path, name, length) == 0 && (path[length] == 0 || strcmp(path + length, DELETED) == 0);
}

bool maps_find(maps_file_t *files, size_t count) {
  maps_t maps;
  char line[LINE_BYTES];
  const char *path;
  if (!maps_open(&maps)) return false;
  while (next_line(&maps, line, &path)) {
    if (*path != '/') continue;
    for (size_t n = 0; n < count; n++) files[n].mapped = files[n].mapped || is_file(path, files[n].name);
  }
  maps_close(&maps);
  return true;
}
