/*
 * status.h: a small mapped file in which the engine says what it is doing.
 *
 * The process that started the host reads it with plain reads: to see that a call does not return (the sequence number
 * of its lane is odd and stands still), and, after the process has died, which module was being called. Written with
 * plain stores before and after every guarded call, so that it costs nothing worth measuring.
 *
 * It also has the stacks that nobody could ask for later: of the fault that ends the process, and of a call that does not
 * return, which whoever started the host asks for by a signal before it ends the process.
 *
 * Layout, in the machine's byte order: header, STATUS_LANES lanes, one end record, the signal to ask with, the stack of
 * the hanging call with the sequence number of its lane, the stack of the end. src/host/status.ts reads the same.
 */
#ifndef HOTMOD_STATUS_H
#define HOTMOD_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "hotmod_engine.h"

#define STATUS_MAGIC 0x54534d48u /* "HMST" */
#define STATUS_ABI 3u
#define STATUS_CALL_MAX 32

typedef enum status_lane_name { LANE_ENGINE, LANE_STAGING, STATUS_LANES } status_lane_name_t;

/* Who is called, as a guarded call names it. The strings live at least until the call has ended. */
typedef struct status_site {
  const char *module; /* a field of HOT_NAME_MAX bytes */
  const char *call;   /* a literal: two calls of the same address have the same name */
  uint32_t generation;
  uint64_t frames;
} status_site_t;

typedef enum status_end { STATUS_RUNNING = 0, STATUS_EXIT = 1, STATUS_SIGNAL = 2 } status_end_t;

/* Makes and maps the file. 0, or -1 with errno. Without a path the same record is kept in memory. */
int status_open(const char *path);

/* From now on the record is kept in memory alone: for a copy of the process that must not write to the file. */
void status_detach(void);

/* The number of frames that have run. */
void status_frame(uint64_t frame);

/* Marks the start and the end of a guarded call. */
void status_enter(status_lane_name_t lane, const status_site_t *site);
void status_leave(status_lane_name_t lane);

/* Records why the process is about to end. Safe in a signal handler. site may be NULL. */
void status_record_end(status_end_t how, int signal, uint64_t address, const status_site_t *site);

/* Where the stack of the end is to be written, before status_record_end; NULL where an end has been recorded. */
hot_stack_t *status_end_stack(void);

/* Tells which signal asks where a call is; 0 is said until then. */
void status_take_questions(int signal);

/* Where the stack of a call that does not return is to be written, and that it has been. Safe in a signal handler. */
hot_stack_t *status_hang_stack(void);
void status_hang_done(status_lane_name_t lane);

/* Whether a guarded call runs on a lane. Safe in a signal handler. */
bool status_is_busy(status_lane_name_t lane);

#endif
