/*
 * Reading and calling as an FFI caller in Node sees them (src/host/engine-calls.ts): a request of words and bytes in, an
 * answer of words and bytes out. Words are 64 bits in the machine's order.
 *
 * The request is copied by hot_node_give on the caller's thread, and the answer copied out by hot_node_take_answer there
 * too, so that no memory of the caller's has to stay in place while a worker thread runs the call between.
 */
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "call.h"
#include "read.h"

HOT_EXPORT int32_t hot_node_give(const uint8_t *request, int32_t size);
HOT_EXPORT int32_t hot_node_read(const char *module);
HOT_EXPORT int32_t hot_node_call(const char *module, const char *symbol);
HOT_EXPORT int32_t hot_node_take_answer(uint8_t *bytes, int32_t capacity);

#define WORD sizeof(uint64_t)
/* Largest answer: what a caller may read at once (maxReadBytes in src/host/host.ts), and as much again for the rest. */
#define ANSWER_MAX (16u << 20)

typedef struct buffer {
  unsigned char *bytes;
  size_t size;
  size_t at;
} buffer_t;

static buffer_t request;
static buffer_t answer;

static bool resize(buffer_t *buffer, size_t size) {
  unsigned char *bytes = size > ANSWER_MAX ? NULL : realloc(buffer->bytes, size + 1);
  if (bytes == NULL) size = 0;
  if (bytes != NULL) buffer->bytes = bytes;
  buffer->size = size;
  buffer->at = 0;
  return bytes != NULL;
}

/* 0 where the request ends too early: every count and size is then checked as any other is. */
static uint64_t take_word(void) {
  uint64_t word = 0;
  if (request.size - request.at < WORD) return 0;
  memcpy(&word, request.bytes + request.at, WORD);
  request.at += WORD;
  return word;
}

static void put(const void *bytes, size_t size) {
  if (size == 0 || answer.size - answer.at < size) return;
  memcpy(answer.bytes + answer.at, bytes, size);
  answer.at += size;
}

static void put_word(uint64_t word) { put(&word, WORD); }

/* 0, or -1 where memory is short. */
int32_t hot_node_give(const uint8_t *bytes, int32_t size) {
  if (size < 0 || !resize(&request, (size_t)size)) return -1;
  if (size > 0) memcpy(request.bytes, bytes, (size_t)size);
  return 0;
}

/*
 * Request: the number of ranges; for each whether it is in the image, its address and its size. Answer: generation, base,
 * frame; for each range whether it was readable; the bytes of all ranges one after another. -1 where memory is short or
 * too much is asked for.
 */
int32_t hot_node_read(const char *module) {
  size_t count = take_word();
  if (count > request.size / (3 * WORD)) return -1;
  read_range_t *ranges = calloc(count + 1, sizeof *ranges);
  size_t total = (3 + count) * WORD;
  size_t first = total;
  for (size_t n = 0; ranges != NULL && n < count && total <= ANSWER_MAX; n++) {
    ranges[n].in_image = take_word() != 0;
    ranges[n].address = take_word();
    ranges[n].size = take_word();
    total = ranges[n].size > ANSWER_MAX ? ANSWER_MAX + 1 : total + ranges[n].size;
  }
  if (ranges == NULL || !resize(&answer, total)) {
    free(ranges);
    return -1;
  }
  for (size_t n = 0, at = first; n < count; at += ranges[n].size, n++) ranges[n].bytes = answer.bytes + at;
  reading_t reading = {.module = module, .ranges = ranges, .count = count};
  read_between_frames(&reading);
  put_word(reading.generation);
  put_word(reading.base);
  put_word(reading.frame);
  for (size_t n = 0; n < count; n++) put_word(ranges[n].readable);
  free(ranges);
  return (int32_t)total;
}

typedef struct call_request {
  size_t integers, floats, stack, blocks, patches;
  size_t result_size;
  uint64_t *sizes;        /* of each block */
  unsigned char **places; /* where each block lies */
} call_request_t;

static bool take_list(uint64_t *to, size_t count, size_t most) {
  if (count > most) return false;
  for (size_t n = 0; n < count; n++) to[n] = take_word();
  return true;
}

/* Where the address of a block goes: a word of the registers or the stack, or a place inside another block. */
static void *patch_place(native_call_t *call, const call_request_t *asked, uint64_t into, uint64_t index,
                         uint64_t inside) {
  if (into == 0) return index < CALL_INTEGERS ? &call->integers[index] : NULL;
  if (into == 1) return index < CALL_STACK ? &call->stack[index] : NULL;
  if (into != 2 || inside >= asked->blocks || asked->sizes[inside] < WORD) return NULL;
  return index <= asked->sizes[inside] - WORD ? asked->places[inside] + index : NULL;
}

static call_problem_t take_blocks(native_call_t *call, call_request_t *asked) {
  for (size_t n = 0; n < asked->blocks; n++) asked->sizes[n] = take_word();
  size_t patches_at = request.at;
  if (asked->patches > (request.size - patches_at) / (4 * WORD)) return CALL_BAD_REQUEST;
  size_t at = patches_at + asked->patches * 4 * WORD;
  for (size_t n = 0; n < asked->blocks; n++) {
    if (asked->sizes[n] > request.size - at) return CALL_BAD_REQUEST;
    asked->places[n] = block_copy(request.bytes + at, asked->sizes[n]);
    if (asked->places[n] == NULL) return CALL_NO_MEMORY;
    at += asked->sizes[n];
  }
  for (size_t n = 0; n < asked->patches; n++) {
    uint64_t into = take_word();
    uint64_t index = take_word();
    uint64_t block = take_word();
    void *place = patch_place(call, asked, into, index, take_word());
    if (place == NULL || block >= asked->blocks) return CALL_BAD_REQUEST;
    uint64_t address = (uintptr_t)asked->places[block];
    memcpy(place, &address, WORD);
  }
  return CALL_OK;
}

/* Takes the request apart: the counts, then what they count, in the order of call_request_t and native_call_t. */
static call_problem_t take_call(native_call_t *call, call_request_t *asked) {
  asked->integers = take_word();
  asked->floats = take_word();
  asked->stack = take_word();
  uint64_t returns = take_word();
  asked->result_size = take_word();
  asked->blocks = take_word();
  asked->patches = take_word();
  if (returns > CALL_MEMORY || asked->result_size > CALL_RESULT_MAX) return CALL_BAD_REQUEST;
  call->returns = (call_returns_t)returns;
  uint64_t floats[CALL_FLOATS] = {0};
  if (!take_list(call->integers, asked->integers, CALL_INTEGERS) || !take_list(floats, asked->floats, CALL_FLOATS) ||
      !take_list(call->stack, asked->stack, CALL_STACK) || asked->blocks > request.size / WORD) {
    return CALL_BAD_REQUEST;
  }
  memcpy(call->floats, floats, sizeof floats);
  asked->sizes = calloc(asked->blocks + 1, sizeof *asked->sizes);
  asked->places = calloc(asked->blocks + 1, sizeof *asked->places);
  if (asked->sizes == NULL || asked->places == NULL) return CALL_NO_MEMORY;
  return take_blocks(call, asked);
}

/* Answer: problem, signal, address, nanoseconds, the function's name; where it went well the result and all blocks. */
static int32_t put_call(const native_call_t *call, const call_request_t *asked) {
  char function[HOT_NAME_MAX] = {0};
  memcpy(function, call->crash.text, sizeof function - 1);
  size_t size = 4 * WORD + sizeof function;
  if (call->problem == CALL_OK) {
    size += asked->result_size;
    for (size_t n = 0; n < asked->blocks; n++) size += asked->sizes[n];
  }
  if (!resize(&answer, size)) return -1;
  put_word(call->problem);
  put_word((uint64_t)call->crash.signal);
  put_word(call->crash.address);
  put_word(call->duration_ns);
  put(function, sizeof function);
  if (call->problem != CALL_OK) return (int32_t)size;
  put(call->result, asked->result_size);
  for (size_t n = 0; n < asked->blocks; n++) put(asked->places[n], asked->sizes[n]);
  return (int32_t)size;
}

/* The request's form is told by take_call. -1 where memory is short. */
int32_t hot_node_call(const char *module, const char *symbol) {
  native_call_t *call = calloc(1, sizeof *call);
  call_request_t asked = {0};
  if (call == NULL) return -1;
  call->module = module;
  call->symbol = symbol;
  blocks_trim();
  call->problem = take_call(call, &asked);
  if (call->problem == CALL_OK) call_between_frames(call);
  int32_t size = put_call(call, &asked);
  free(asked.sizes);
  free(asked.places);
  free(call);
  return size;
}

int32_t hot_node_take_answer(uint8_t *bytes, int32_t capacity) {
  size_t size = answer.size < (size_t)capacity ? answer.size : (size_t)capacity;
  if (size > 0) memcpy(bytes, answer.bytes, size);
  return (int32_t)size;
}
