#include "call.h"


#include "entry.h"
#include "find.h"
#include "loop.h"
#include "platform.h"
#include "recovery.h"
#include "registers.h"

typedef struct guarded_call {
  native_call_t *call;
  void *function;
} guarded_call_t;

static void call_body(void *argument) {
  const guarded_call_t *guarded = argument;
  registers_call(guarded->call, guarded->function);
}

/* Nobody knows what the function left half done outside the variables, so the image stays mapped for ever. */
static void say_crash(image_t *image, native_call_t *call, const guard_fault_t *fault, const status_site_t *site) {
  call->problem = CALL_CRASHED;
  guard_tell(fault, site, &call->crash);
  image_pin(image);
  recovery_crashed(image, &call->crash);
  recovery_finish();
}

static void call_at_boundary(void *argument) {
  native_call_t *call = argument;
  image_t *image = find_current(call->module);
  if (image == NULL || !image->running) {
    call->problem = CALL_NOT_RUNNING;
    return;
  }
  guarded_call_t guarded = {.call = call, .function = entry_symbol(image, call->symbol)};
  if (guarded.function == NULL) {
    call->problem = CALL_NO_FUNCTION;
    return;
  }
  status_site_t site = {
      .module = image->module, .call = "call", .generation = image->generation, .frames = image->frames};
  guard_fault_t fault;
  shadow_take_all(loop_frame_number());
  uint64_t start = platform_now();
  if (!guard_run(LANE_ENGINE, &site, call_body, &guarded, &fault)) say_crash(image, call, &fault, &site);
  call->duration_ns = platform_now() - start;
}

void call_between_frames(native_call_t *call) { loop_run(call_at_boundary, call); }
