#include "cfi.h"

#include <stddef.h>
#include <string.h>

#if defined(__aarch64__)
#define FRAME 29
#define STACK 31
#define RETURN_COLUMN 30
#else
#define FRAME 6
#define STACK 7
#define RETURN_COLUMN 16
#endif
#define COLUMNS 33
#define REMEMBERED 8

typedef enum rule_kind { RULE_SAME, RULE_UNDEFINED, RULE_AT_OFFSET, RULE_OFFSET, RULE_REGISTER } rule_kind_t;

typedef struct rule {
  rule_kind_t kind;
  intptr_t value; /* an offset from the CFA, or a register */
} rule_t;

/* One row of the table: where the caller's stack pointer was (CFA), and where its registers are. */
typedef struct row {
  uint64_t base;
  intptr_t offset;
  rule_t rules[COLUMNS];
} row_t;

/* What the common part of several functions' tables says. */
typedef struct common {
  uint64_t code_align;
  int64_t data_align;
  uint64_t return_column;
  unsigned char encoding; /* of addresses */
  bool augmented;
  const unsigned char *start; /* instructions */
  const unsigned char *end;
} common_t;

typedef struct table {
  common_t common;
  uintptr_t low;
  uintptr_t high;
  const unsigned char *start;
  const unsigned char *end;
} table_t;

void cfi_begin(const platform_machine_t *machine, cfi_state_t *state) {
  uint64_t from[HOT_REGISTERS];
  uint32_t count = platform_copy_registers(machine, from);
  memset(state, 0, sizeof *state);
  state->pc = machine->pc;
#if defined(__aarch64__)
  for (uint32_t n = 0; n < CFI_REGISTERS && n < count; n++) state->registers[n] = (uintptr_t)from[n];
#else
  /* From rax rbx rcx rdx rsi rdi rbp rsp (psABI 3.6.2, figure 3.36, has another order). */
  static const unsigned char order[] = {0, 3, 2, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (uint32_t n = 0; n < sizeof order && count > 0; n++) state->registers[n] = (uintptr_t)from[order[n]];
#endif
  state->registers[STACK] = machine->sp;
  state->registers[FRAME] = machine->frame;
}

uintptr_t cfi_stack_pointer(const cfi_state_t *state) { return state->registers[STACK]; }

uintptr_t cfi_frame_pointer(const cfi_state_t *state) { return state->registers[FRAME]; }

void cfi_set_stack(cfi_state_t *state, uintptr_t pc, uintptr_t sp, uintptr_t frame) {
  state->pc = pc;
  state->is_return = true;
  state->registers[STACK] = sp;
  state->registers[FRAME] = frame;
}

static uint64_t take_uleb(const unsigned char **at) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    unsigned char byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

static int64_t take_sleb(const unsigned char **at) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64;) {
    unsigned char byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
    if (byte >= 0x80) continue;
    if ((byte & 0x40) != 0 && shift < 64) value |= ~(uint64_t)0 << shift;
    break;
  }
  return (int64_t)value;
}

static uint32_t take_u32(const unsigned char **at) {
  uint32_t value;
  memcpy(&value, *at, sizeof value);
  *at += sizeof value;
  return value;
}

/* DW_EH_PE_*: the low bits say how many bytes, the next ones what they count from. False for what compilers do not write. */
static bool take_encoded(const unsigned char **at, unsigned char encoding, uintptr_t *value) {
  uintptr_t from = (uintptr_t)*at;
  uint64_t wide;
  uint32_t narrow;
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
      memcpy(&wide, *at, sizeof wide);
      *at += sizeof wide;
      *value = (uintptr_t)wide;
      break;
    case 0x03:
      *value = take_u32(at);
      break;
    case 0x0b:
      narrow = take_u32(at);
      *value = (uintptr_t)(intptr_t)(int32_t)narrow;
      break;
    default:
      return false;
  }
  if ((encoding & 0x70) == 0x10) *value += from;
  return (encoding & 0x60) == 0 && (encoding & 0x80) == 0;
}

static bool read_common(const unsigned char *at, common_t *common) {
  uint32_t length = take_u32(&at);
  if (length == 0 || length >= 0xfffffff0u) return false;
  common->end = at + length;
  if (take_u32(&at) != 0) return false;
  unsigned char version = *at++;
  const char *augmentation = (const char *)at;
  at += strlen(augmentation) + 1;
  common->code_align = take_uleb(&at);
  common->data_align = take_sleb(&at);
  common->return_column = version == 1 ? *at++ : take_uleb(&at);
  common->encoding = 0;
  common->augmented = augmentation[0] == 'z';
  if (augmentation[0] != 0 && !common->augmented) return false;
  if (common->augmented) {
    uint64_t size = take_uleb(&at);
    const unsigned char *next = at + size;
    for (const char *letter = augmentation + 1; *letter != 0; letter++) {
      uintptr_t ignored;
      if (*letter == 'R') common->encoding = *at++;
      else if (*letter == 'L') at++;
      else if (*letter == 'P') {
        unsigned char encoding = *at++;
        if (!take_encoded(&at, encoding & 0x7f, &ignored)) return false;
      } else if (*letter != 'S' && *letter != 'B') return false;
    }
    at = next;
  }
  common->start = at;
  return version == 1 || version == 3;
}

static bool read_table(const unsigned char *at, table_t *table) {
  uint32_t length = take_u32(&at);
  if (length == 0 || length >= 0xfffffff0u) return false;
  table->end = at + length;
  const unsigned char *place = at;
  uint32_t back = take_u32(&at);
  if (back == 0 || !read_common(place - back, &table->common)) return false;
  if (!take_encoded(&at, table->common.encoding, &table->low)) return false;
  if (!take_encoded(&at, table->common.encoding & 0x0f, &table->high)) return false;
  table->high += table->low;
  if (table->common.augmented) {
    uint64_t size = take_uleb(&at);
    at += size;
  }
  table->start = at;
  return true;
}

/* The table of a function by the sorted list in .eh_frame_hdr: pairs of 32-bit offsets from its start. */
static bool find_table(uintptr_t pc, table_t *table) {
  const unsigned char *header = platform_unwind_header(pc);
  if (header == NULL || header[0] != 1 || header[2] != 0x03 || header[3] != 0x3b) return false;
  const unsigned char *at = header + 4;
  uintptr_t ignored;
  if (!take_encoded(&at, header[1], &ignored)) return false;
  size_t count = take_u32(&at);
  size_t low = 0;
  while (count > 0) {
    size_t half = count / 2;
    int32_t start;
    memcpy(&start, at + (low + half) * 8, sizeof start);
    if ((uintptr_t)header + (uintptr_t)(intptr_t)start <= pc) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  if (low == 0) return false;
  int32_t offset;
  memcpy(&offset, at + (low - 1) * 8 + 4, sizeof offset);
  return read_table(header + offset, table) && pc >= table->low && pc < table->high;
}

typedef struct machine {
  row_t row;
  row_t initial;
  row_t remembered[REMEMBERED];
  size_t depth;
  uintptr_t at;
} machine_t;

static bool set_rule(machine_t *machine, uint64_t column, rule_kind_t kind, intptr_t value) {
  if (column < COLUMNS) machine->row.rules[column] = (rule_t){kind, value};
  return true;
}

/* Instructions below 0x40; the others have their operand in the opcode. */
static bool run_plain(machine_t *machine, const common_t *common, unsigned char opcode, const unsigned char **at) {
  uint16_t two;
  uint64_t column;
  switch (opcode) {
    case 0x00: /* nop */
      return true;
    case 0x01: { /* set_loc */
      return take_encoded(at, common->encoding, &machine->at);
    }
    case 0x02: /* advance_loc1 */
      machine->at += *(*at)++ * common->code_align;
      return true;
    case 0x03: /* advance_loc2 */
      memcpy(&two, *at, sizeof two);
      *at += sizeof two;
      machine->at += two * common->code_align;
      return true;
    case 0x04: /* advance_loc4 */
      machine->at += take_u32(at) * common->code_align;
      return true;
    case 0x05: /* offset_extended */
      column = take_uleb(at);
      return set_rule(machine, column, RULE_AT_OFFSET, (intptr_t)((int64_t)take_uleb(at) * common->data_align));
    case 0x06: /* restore_extended */
      column = take_uleb(at);
      if (column < COLUMNS) machine->row.rules[column] = machine->initial.rules[column];
      return true;
    case 0x07: /* undefined */
      return set_rule(machine, take_uleb(at), RULE_UNDEFINED, 0);
    case 0x08: /* same_value */
      return set_rule(machine, take_uleb(at), RULE_SAME, 0);
    case 0x09: /* register */
      column = take_uleb(at);
      return set_rule(machine, column, RULE_REGISTER, (intptr_t)take_uleb(at));
    case 0x0a: /* remember_state */
      if (machine->depth == REMEMBERED) return false;
      machine->remembered[machine->depth++] = machine->row;
      return true;
    case 0x0b: /* restore_state */
      if (machine->depth == 0) return false;
      machine->row = machine->remembered[--machine->depth];
      return true;
    case 0x0c: /* def_cfa */
      machine->row.base = take_uleb(at);
      machine->row.offset = (intptr_t)take_uleb(at);
      return true;
    case 0x0d: /* def_cfa_register */
      machine->row.base = take_uleb(at);
      return true;
    case 0x0e: /* def_cfa_offset */
      machine->row.offset = (intptr_t)take_uleb(at);
      return true;
    case 0x11: /* offset_extended_sf */
      column = take_uleb(at);
      return set_rule(machine, column, RULE_AT_OFFSET, (intptr_t)(take_sleb(at) * common->data_align));
    case 0x12: /* def_cfa_sf */
      machine->row.base = take_uleb(at);
      machine->row.offset = (intptr_t)(take_sleb(at) * common->data_align);
      return true;
    case 0x13: /* def_cfa_offset_sf */
      machine->row.offset = (intptr_t)(take_sleb(at) * common->data_align);
      return true;
    case 0x14: /* val_offset */
      column = take_uleb(at);
      return set_rule(machine, column, RULE_OFFSET, (intptr_t)((int64_t)take_uleb(at) * common->data_align));
    case 0x2d: /* AARCH64_negate_ra_state: the signature is taken off in any case */
      return true;
    case 0x2e: /* GNU_args_size */
      take_uleb(at);
      return true;
    default:
      return false;
  }
}

/* Runs until the row of an address has been made. */
static bool run(machine_t *machine, const common_t *common, const unsigned char *at, const unsigned char *end,
                uintptr_t pc) {
  while (at < end && machine->at <= pc) {
    unsigned char opcode = *at++;
    unsigned char operand = opcode & 0x3f;
    switch (opcode >> 6) {
      case 1: /* advance_loc */
        machine->at += operand * common->code_align;
        break;
      case 2: /* offset */
        set_rule(machine, operand, RULE_AT_OFFSET, (intptr_t)((int64_t)take_uleb(&at) * common->data_align));
        break;
      case 3: /* restore */
        if (operand < COLUMNS) machine->row.rules[operand] = machine->initial.rules[operand];
        break;
      default:
        if (!run_plain(machine, common, opcode, &at)) return false;
    }
  }
  return true;
}

static uintptr_t without_signature(uintptr_t address) {
#if defined(__aarch64__)
  return address & 0x0000ffffffffffffull;
#else
  return address;
#endif
}

static bool apply(const row_t *row, const common_t *common, cfi_state_t *state) {
  if (row->base >= CFI_REGISTERS || common->return_column >= COLUMNS) return false;
  uintptr_t cfa = state->registers[row->base] + (uintptr_t)row->offset;
  uintptr_t values[COLUMNS] = {0};
  for (uint64_t n = 0; n < COLUMNS; n++) {
    const rule_t *rule = &row->rules[n];
    if (n < CFI_REGISTERS) values[n] = state->registers[n];
    if (rule->kind == RULE_AT_OFFSET) values[n] = *(const uintptr_t *)(cfa + (uintptr_t)rule->value);
    if (rule->kind == RULE_OFFSET) values[n] = cfa + (uintptr_t)rule->value;
    if (rule->kind == RULE_UNDEFINED) values[n] = 0;
    if (rule->kind == RULE_REGISTER && rule->value < CFI_REGISTERS) values[n] = state->registers[rule->value];
  }
  uintptr_t pc = without_signature(values[common->return_column]);
  if (pc == 0 || cfa < state->registers[STACK]) return false;
  memcpy(state->registers, values, sizeof state->registers);
  state->registers[STACK] = cfa;
  state->pc = pc;
  state->is_return = true;
  return true;
}

bool cfi_step(cfi_state_t *state) {
  uintptr_t pc = state->pc - state->is_return;
  table_t table;
  if (!find_table(pc, &table)) return false;
  machine_t machine;
  memset(&machine.row, 0, sizeof machine.row);
  machine.row.rules[RETURN_COLUMN].kind = RULE_SAME;
  machine.depth = 0;
  machine.at = 0;
  if (!run(&machine, &table.common, table.common.start, table.common.end, UINTPTR_MAX)) return false;
  machine.initial = machine.row;
  machine.at = table.low;
  return run(&machine, &table.common, table.start, table.end, pc) && apply(&machine.row, &table.common, state);
}
