#include "table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Versions are noted in the frame list alone. */
typedef struct list {
  running_t *items;
  size_t count;
  size_t capacity;
} list_t;

static list_t slots;
static list_t running;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool reserve(list_t *list) {
  if (list->count < list->capacity) return true;
  size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
  running_t *items = realloc(list->items, capacity * sizeof *items);
  if (items == NULL) return false;
  list->items = items;
  list->capacity = capacity;
  return true;
}

static void take_from(list_t *list, const slot_t *slot) {
  for (size_t n = 0; n < list->count; n++) {
    if (list->items[n].slot != slot) continue;
    memmove(&list->items[n], &list->items[n + 1], (list->count - n - 1) * sizeof *list->items);
    list->count--;
    return;
  }
}

slot_t *table_find(const char *name) {
  for (size_t n = 0; n < slots.count; n++) {
    if (strcmp(slots.items[n].slot->name, name) == 0) return slots.items[n].slot;
  }
  return NULL;
}

slot_t *table_add(const char *name) {
  slot_t *found = table_find(name);
  if (found != NULL) return found;
  slot_t *slot = reserve(&slots) ? calloc(1, sizeof *slot) : NULL;
  if (slot == NULL) return NULL;
  strncpy(slot->name, name, sizeof slot->name - 1);
  slots.items[slots.count++] = (running_t){.slot = slot};
  return slot;
}

void table_remove(slot_t *slot) {
  take_from(&slots, slot);
  blob_free_pair(slot->saved, slot->handed);
  transfer_free(slot->transfer);
  transfer_free(slot->carried);
  transfer_free(slot->return_plan);
  transfer_free(slot->way_back);
  intensity_close(&slot->intensity);
  arena_state_free(&slot->arena);
  free(slot);
}

slot_t *table_at(size_t index) { return index < slots.count ? slots.items[index].slot : NULL; }

slot_t *table_running(size_t index) { return index < running.count ? running.items[index].slot : NULL; }

const running_t *table_frame_list(size_t *count) {
  *count = running.count;
  return running.items;
}

slot_t *table_slot_at(uintptr_t address) {
  slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    if (image_holds(slot->current, address)) return slot;
  }
  return NULL;
}

bool table_make_room(size_t count) {
  table_lock();
  bool room = true;
  while (room && running.capacity < running.count + count) {
    size_t filled = running.count;
    running.count = running.capacity;
    room = reserve(&running);
    running.count = filled;
  }
  table_unlock();
  return room;
}

/* Under the lock the engine cannot go back to it. */
void table_drop_shadow(slot_t *slot) {
  table_lock();
  if (slot->previous != NULL) shadow_drop(&slot->previous->shadow);
  table_unlock();
}

image_t *table_take_previous(slot_t *slot) {
  table_lock();
  image_t *previous = slot->previous;
  slot->previous = NULL;
  table_unlock();
  return previous;
}

bool slot_is_stale(const slot_t *slot, hot_failure_t *failure) {
  uint32_t runs = slot->current == NULL ? 0 : slot->current->generation;
  if (!slot->expects || runs == slot->expected) return false;
  failure->problem = HOT_STALE_BASE;
  failure->value = (int)runs;
  memcpy(failure->module, slot->name, sizeof failure->module);
  return true;
}

void table_switch(slot_t *slot, image_t *image) {
  table_lock();
  if (slot->previous == image) slot->previous = NULL;
  bool listed = slot->current != NULL;
  slot->current = image;
  image->running = true;
  if (!listed) running.items[running.count++] = (running_t){.slot = slot};
  for (size_t n = 0; n < running.count; n++) {
    if (running.items[n].slot == slot) running.items[n].image = image;
  }
  shadow_list_changed();
  table_unlock();
}

void table_take_out(slot_t *slot) {
  table_lock();
  take_from(&running, slot);
  shadow_list_changed();
  table_unlock();
}

void table_lock(void) { pthread_mutex_lock(&lock); }
void table_unlock(void) { pthread_mutex_unlock(&lock); }

void table_set_state(slot_t *slot, bool has_state, blob_t saved, blob_t handed) {
  blob_free_pair(slot->saved, slot->handed);
  slot->has_state = has_state;
  slot->saved = saved;
  slot->handed = handed;
}

void table_set_transfer(slot_t *slot, transfer_t *transfer) {
  transfer_free(slot->transfer);
  slot->transfer = transfer;
  if (transfer != NULL) return;
  transfer_free(slot->return_plan);
  slot->return_plan = NULL;
}

void blob_free_pair(blob_t saved, blob_t handed) {
  if (handed.data != saved.data) free(handed.data);
  free(saved.data);
}
