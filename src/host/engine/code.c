#include "code.h"

#include <string.h>

#if defined(__aarch64__)

static uint32_t instruction(const unsigned char *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

static bool is_bl(uint32_t word) { return word >> 26 == 0x25; }

bool code_is_call(const unsigned char *before, uintptr_t address) {
  uint32_t word = instruction(before);
  return address % 4 == 0 && (is_bl(word) || (word & 0xfffffc1fu) == 0xd63f0000u);
}

bool code_call_target(const unsigned char *before, uintptr_t address, uintptr_t *target) {
  uint32_t word = instruction(before);
  if (!is_bl(word)) return false;
  int64_t offset = (int64_t)((uint64_t)word << 38) >> 36;
  *target = address - 4 + (uintptr_t)offset;
  return true;
}

/* stp x29, x30, [sp, ...] in any of its forms, or one that stores them as a pair elsewhere on the stack. */
bool code_sets_frame(const unsigned char *code, size_t size) {
  for (size_t at = 0; at + 4 <= size; at += 4) {
    uint32_t word = instruction(code + at);
    if ((word & 0xfe407fffu) == 0xa8007bfdu) return true;
  }
  return false;
}

size_t code_return_candidates(const platform_machine_t *machine, uintptr_t *values, uintptr_t *places) {
  values[0] = machine->link;
  places[0] = 0;
  return 1;
}

#else

bool code_is_call(const unsigned char *before, uintptr_t address) {
  (void)address;
  /* Opcode FF with 2 in the middle of the next byte: through a register or memory, with a displacement of 0, 1 or 4. */
  static const struct {
    size_t length;
    unsigned char mask;
    unsigned char wanted;
  } indirect[] = {{2, 0xf8, 0xd0}, {2, 0xf8, 0x10}, {3, 0xf8, 0x50}, {3, 0xff, 0x14},
                  {4, 0xff, 0x54}, {6, 0xf8, 0x90}, {6, 0xff, 0x15}, {7, 0xff, 0x94}};
  const unsigned char *end = before + CODE_BEFORE;
  if (end[-5] == 0xe8) return true;
  for (size_t n = 0; n < sizeof indirect / sizeof indirect[0]; n++) {
    const unsigned char *call = end - indirect[n].length;
    if (call[0] == 0xff && (call[1] & indirect[n].mask) == indirect[n].wanted) return true;
  }
  return false;
}

bool code_call_target(const unsigned char *before, uintptr_t address, uintptr_t *target) {
  const unsigned char *end = before + CODE_BEFORE;
  if (end[-5] != 0xe8) return false;
  int32_t offset;
  memcpy(&offset, end - 4, sizeof offset);
  *target = address + (uintptr_t)(intptr_t)offset;
  return true;
}

/* mov %rsp, %rbp in either encoding. */
bool code_sets_frame(const unsigned char *code, size_t size) {
  static const unsigned char moves[2][3] = {{0x48, 0x89, 0xe5}, {0x48, 0x8b, 0xec}};
  for (size_t at = 0; at + 3 <= size; at++) {
    if (memcmp(code + at, moves[0], 3) == 0 || memcmp(code + at, moves[1], 3) == 0) return true;
  }
  return false;
}

/* At the top of the stack, or below %rbp once that has been pushed. */
size_t code_return_candidates(const platform_machine_t *machine, uintptr_t *values, uintptr_t *places) {
  (void)values;
  places[0] = machine->sp;
  places[1] = machine->sp + sizeof(uintptr_t);
  return 2;
}

#endif
