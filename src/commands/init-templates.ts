export type Language = 'c' | 'cpp';

/** The module.json of a new module. Without the file the module would be the same, except for its version. */
export function moduleFileText(): string {
  return `${JSON.stringify({ version: '0.1.0', dependencies: [] }, null, 2)}\n`;
}

/**
 * A module of plain functions that keeps its state across reloads.
 *
 * @param id the name as C can write it
 */
export function sourceText(name: string, id: string, language: Language): string {
  return language === 'c' ? cSource(name, id) : cppSource(name, id);
}

function cSource(name: string, id: string): string {
  return `/*
 * ${name}: a first module. Run \`hotmod dev\`, then change something here and save: the new code runs at once, and
 * frames_seen goes on counting.
 *
 * Try: another text in ${id}_view; counting in steps of 2; a new field before seconds; a syntax error.
 */
#include <stdio.h>

#include "module_interface.h"

/* Variables keep their values across reloads, by name and type. Put a field in the middle and see. */
static struct {
  long frames_seen;
  double seconds;
} state;

/* Called when the module starts, not at a reload. 0 is success. */
MODULE_EXPORT int ${id}_init(const module_config_t *config) {
  printf("${name}: generation %u\\n", (unsigned)config->generation);
  fflush(stdout);
  return 0;
}

/* Called every frame; dt is the time since the last one in seconds. */
MODULE_EXPORT void ${id}_update(double dt) {
  state.frames_seen += 1;
  state.seconds += dt;
}

MODULE_EXPORT void ${id}_shutdown(void) {}

/* Optional: text that is shown live. */
MODULE_EXPORT const char *${id}_view(void) {
  static char text[80];
  snprintf(text, sizeof text, "Hello from ${name}: %ld frames, %.1f s", state.frames_seen, state.seconds);
  return text;
}
`;
}

function cppSource(name: string, id: string): string {
  return `// ${name}: a first module. Run \`hotmod dev\`, then change something here and save: the new code runs at once, and
// frames_seen goes on counting.
//
// Try: another text in ${id}_view; counting in steps of 2; a new field before seconds; a syntax error.
#include <cstdio>
#include <string>

#include "module_interface.h"

namespace {

// Variables keep their values across reloads, by name and type. Put a field in the middle and see.
struct State {
  long frames_seen = 0;
  double seconds = 0;
};

State state;

}  // namespace

extern "C" {

// Called when the module starts, not at a reload. 0 is success.
MODULE_EXPORT int ${id}_init(const module_config_t *config) {
  std::printf("${name}: generation %u\\n", static_cast<unsigned>(config->generation));
  std::fflush(stdout);
  return 0;
}

// Called every frame; dt is the time since the last one in seconds.
MODULE_EXPORT void ${id}_update(double dt) {
  state.frames_seen += 1;
  state.seconds += dt;
}

MODULE_EXPORT void ${id}_shutdown() {}

// Optional: text that is shown live.
MODULE_EXPORT const char *${id}_view() {
  static std::string text;
  text = "Hello from ${name}: " + std::to_string(state.frames_seen) + " frames";
  return text.c_str();
}

}  // extern "C"
`;
}
