/*
 * status.h: a small mapped file in which the engine says what it is doing.
 *
 * The process that started the host reads it with plain reads: to see that a call does not return (the sequence number
 * of its lane is odd and stands still), and, after the process has died, which module was being called. Written with
 * plain stores before and after every guarded call, so that it costs nothing worth measuring.
 *
 * Layout, in the machine's byte order: header, STATUS_LANES lanes, one end record. src/host/status.ts reads the same.
 */
#ifndef HOTMOD_STATUS_H
#define HOTMOD_STATUS_H

#include <stdint.h>

#include "hotmod_engine.h"

#define STATUS_MAGIC 0x54534d48u /* "HMST" */
#define STATUS_ABI 1u
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

#endif
