/* Numbers of one kind made into numbers of another. Little-endian, as the machines that the engine runs on are. */
#include <math.h>
#include <string.h>

#include "plan_parts.h"

#define NUMBER_OF(kind) ((plan_number_t)((kind)&0xf))
#define WIDTH_OF(kind) ((unsigned)((kind) >> 4 & 0xff))
#define FIRST_BIT_OF(kind) ((unsigned)((kind) >> 12 & 0xff))

/* Nearly all numbers are of one of these widths and begin with a byte. */
static bool is_whole(unsigned width) { return width == 8 || width == 16 || width == 32 || width == 64; }

static uint64_t read_whole(const unsigned char *from, unsigned width) {
  uint16_t half;
  uint32_t word;
  uint64_t twice;
  switch (width) {
    case 8:
      return *from;
    case 16:
      memcpy(&half, from, sizeof half);
      return half;
    case 32:
      memcpy(&word, from, sizeof word);
      return word;
    default:
      memcpy(&twice, from, sizeof twice);
      return twice;
  }
}

static void write_whole(unsigned char *to, unsigned width, uint64_t value) {
  if (width == 8) memcpy(to, &value, 1);
  else if (width == 16) memcpy(to, &value, 2);
  else if (width == 32) memcpy(to, &value, 4);
  else memcpy(to, &value, 8);
}

/* Up to 64 bits that begin at any bit; they reach over at most nine bytes. */
static uint64_t read_bits(const unsigned char *from, unsigned first, unsigned width) {
  uint64_t value = 0;
  from += first / 8;
  first %= 8;
  if (first == 0 && is_whole(width)) return read_whole(from, width);
  for (unsigned bit = 0; bit < width;) {
    unsigned offset = (first + bit) % 8;
    unsigned count = 8 - offset < width - bit ? 8 - offset : width - bit;
    uint64_t part = from[(first + bit) / 8] >> offset & ((1u << count) - 1);
    value |= part << bit;
    bit += count;
  }
  return value;
}

static void write_bits(unsigned char *to, unsigned first, unsigned width, uint64_t value) {
  to += first / 8;
  first %= 8;
  if (first == 0 && is_whole(width)) {
    write_whole(to, width, value);
    return;
  }
  for (unsigned bit = 0; bit < width;) {
    unsigned offset = (first + bit) % 8;
    unsigned count = 8 - offset < width - bit ? 8 - offset : width - bit;
    unsigned char mask = (unsigned char)(((1u << count) - 1) << offset);
    unsigned char *byte = &to[(first + bit) / 8];
    *byte = (unsigned char)((*byte & ~mask) | ((value >> bit << offset) & mask));
    bit += count;
  }
}

int64_t plan_read_integer(uint64_t kind, const unsigned char *from) {
  unsigned width = WIDTH_OF(kind) > 64 ? 64 : WIDTH_OF(kind);
  uint64_t bits = read_bits(from, FIRST_BIT_OF(kind), width);
  if (NUMBER_OF(kind) == PLAN_SIGNED && width > 0 && width < 64 && (bits >> (width - 1) & 1)) bits |= ~0ull << width;
  return (int64_t)bits;
}

void plan_write_integer(uint64_t kind, unsigned char *to, int64_t value) {
  unsigned width = WIDTH_OF(kind) > 64 ? 64 : WIDTH_OF(kind);
  write_bits(to, FIRST_BIT_OF(kind), width, (uint64_t)value);
}

static long double read_float(unsigned width, const unsigned char *from) {
  float single;
  double twice;
  long double most = 0;
  switch (width) {
    case 32:
      memcpy(&single, from, sizeof single);
      return single;
    case 64:
      memcpy(&twice, from, sizeof twice);
      return twice;
    default:
      /* What the machine calls long double, whatever it has of its 128 bits. */
      memcpy(&most, from, sizeof most < width / 8u ? sizeof most : width / 8u);
      return most;
  }
}

static void write_float(unsigned width, unsigned char *to, long double value) {
  float single = (float)value;
  double twice = (double)value;
  if (width == 32) memcpy(to, &single, sizeof single);
  else if (width == 64) memcpy(to, &twice, sizeof twice);
  else memcpy(to, &value, sizeof value < width / 8u ? sizeof value : width / 8u);
}

/* A float that overflows becomes an infinity, which is no longer the value; an infinity itself is kept. */
static bool float_fits(unsigned width, long double value) {
  if (width > 64 || !isfinite(value)) return true;
  return width == 32 ? isfinite((float)value) : isfinite((double)value);
}

/* The nearest integer of a kind; false where that is another number. */
static bool to_integer(uint64_t kind, bool is_negative, uint64_t bits, int64_t *result) {
  unsigned width = WIDTH_OF(kind) > 64 ? 64 : WIDTH_OF(kind);
  uint64_t highest;
  if (NUMBER_OF(kind) == PLAN_SIGNED) {
    highest = ((uint64_t)1 << (width - 1)) - 1;
    if (is_negative) {
      int64_t lowest = -(int64_t)highest - 1;
      bool fits = (int64_t)bits >= lowest;
      *result = fits ? (int64_t)bits : lowest;
      return fits;
    }
  } else {
    highest = width == 64 ? ~0ull : ((uint64_t)1 << width) - 1;
    if (NUMBER_OF(kind) == PLAN_BOOLEAN) highest = 1;
    if (is_negative) {
      *result = 0;
      return false;
    }
  }
  *result = bits <= highest ? (int64_t)bits : (int64_t)highest;
  return bits <= highest;
}

static bool float_to_integer(uint64_t kind, long double value, int64_t *result) {
  const long double limit = 18446744073709551616.0L; /* 2^64 */
  if (isnan(value)) {
    *result = 0;
    return false;
  }
  if (value >= limit || value < -9223372036854775808.0L) {
    to_integer(kind, value < 0, value < 0 ? 1ull << 63 : ~0ull, result);
    return false;
  }
  bool is_large = value >= 9223372036854775808.0L;
  int64_t whole = is_large ? 0 : (int64_t)value;
  uint64_t bits = is_large ? (uint64_t)value : (uint64_t)whole;
  bool has_fraction = (is_large ? (long double)bits : (long double)whole) != value;
  return to_integer(kind, whole < 0, bits, result) && !has_fraction;
}

static uint64_t bits_of_double(long double value) {
  double twice = (double)value;
  uint64_t bits;
  memcpy(&bits, &twice, sizeof bits);
  return bits;
}

static bool convert_float(uint64_t from_kind, uint64_t to_kind, const unsigned char *from, unsigned char *to, bool write,
                          uint64_t *value) {
  long double number = read_float(WIDTH_OF(from_kind), from);
  *value = bits_of_double(number);
  if (NUMBER_OF(to_kind) == PLAN_FLOAT) {
    if (write) write_float(WIDTH_OF(to_kind), to, number);
    return float_fits(WIDTH_OF(to_kind), number);
  }
  int64_t integer;
  bool fits = float_to_integer(to_kind, number, &integer);
  if (write) plan_write_integer(to_kind, to, integer);
  return fits;
}

bool plan_convert(uint64_t from_kind, uint64_t to_kind, const unsigned char *from, unsigned char *to, bool write,
                  uint64_t *value) {
  if (NUMBER_OF(from_kind) == PLAN_FLOAT) return convert_float(from_kind, to_kind, from, to, write, value);
  int64_t integer = plan_read_integer(from_kind, from);
  bool is_negative = NUMBER_OF(from_kind) == PLAN_SIGNED && integer < 0;
  *value = (uint64_t)integer;
  if (NUMBER_OF(to_kind) == PLAN_FLOAT) {
    long double number = is_negative ? (long double)integer : (long double)(uint64_t)integer;
    if (write) write_float(WIDTH_OF(to_kind), to, number);
    return true;
  }
  int64_t result;
  bool fits = to_integer(to_kind, is_negative, (uint64_t)integer, &result);
  if (write) plan_write_integer(to_kind, to, result);
  return fits;
}
