/* The engine's public functions about frames and what can be seen of them; those that change modules are in api.c. */
#include <string.h>

#include "critical.h"
#include "hotmod_engine.h"
#include "loop.h"
#include "recovery.h"
#include "search.h"
#include "table.h"

static int yes;

static void pause_at_boundary(void *argument) { loop_set_paused(argument != NULL); }

void hot_pause(void) { loop_run(pause_at_boundary, &yes); }
void hot_resume(void) { loop_run(pause_at_boundary, NULL); }

static void set_rate_at_boundary(void *argument) { loop_set_rate(*(double *)argument); }

void hot_set_rate(double frames_per_second) { loop_run(set_rate_at_boundary, &frames_per_second); }

typedef struct step_command {
  uint32_t frames;
  double dt;
} step_command_t;

static void step_at_boundary(void *argument) {
  const step_command_t *step = argument;
  for (uint32_t n = 0; n < step->frames; n++) loop_frame(step->dt);
}

void hot_step(uint32_t frames, double dt) {
  step_command_t step = {.frames = frames, .dt = dt};
  loop_run(step_at_boundary, &step);
}

typedef struct stats_command {
  hot_stats_t *stats;
  hot_module_stats_t *modules;
  size_t capacity;
} stats_command_t;

static void stats_at_boundary(void *argument) {
  stats_command_t *command = argument;
  size_t count = 0;
  slot_t *slot;
  for (; (slot = table_running(count)) != NULL; count++) {
    if (count >= command->capacity) continue;
    hot_module_stats_t *stats = &command->modules[count];
    memcpy(stats->module, slot->name, sizeof stats->module);
    stats->generation = slot->current->generation;
    stats->frames = slot->current->frames;
    stats->running = slot->current->running;
    const char *why;
    stats->critical = critical_is_open(slot->current, &why);
    strncpy(stats->why, why, sizeof stats->why - 1);
    stats->why[sizeof stats->why - 1] = 0;
    stats->recovery_ns = slot->current->recovery_ns;
  }
  *command->stats = (hot_stats_t){.frame = loop_frame_number(),
                                  .rate = loop_rate(),
                                  .paused = loop_is_paused(),
                                  .tick_us = loop_tick_us(),
                                  .kept_images = image_kept_count() + search_waiting(),
                                  .modules = count};
}

void hot_get_stats(hot_stats_t *stats, hot_module_stats_t *modules, size_t capacity) {
  stats_command_t command = {.stats = stats, .modules = modules, .capacity = capacity};
  loop_run(stats_at_boundary, &command);
}

typedef struct views_command {
  void (*take)(const char *module, const char *text, void *context);
  void *context;
} views_command_t;

static void views_at_boundary(void *argument) {
  static char text[HOT_VIEW_MAX + 1];
  const views_command_t *command = argument;
  slot_t *slot;
  bool copied = false;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    image_t *image = slot->current;
    hot_failure_t failure = {0};
    if (!image->running || image->view == NULL) continue;
    if (!copied) shadow_take_all(loop_frame_number());
    copied = true;
    if (call_view(image, text, &failure)) {
      command->take(slot->name, text, command->context);
    } else {
      recovery_crashed(image, &failure);
    }
  }
  recovery_finish();
}

void hot_views(void (*take)(const char *module, const char *text, void *context), void *context) {
  views_command_t command = {.take = take, .context = context};
  loop_run(views_at_boundary, &command);
}
