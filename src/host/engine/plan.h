/*
 * plan.h: carries the variables of one image over to another by a transfer plan.
 *
 * The plan is made outside (src/state/, from the types of both builds) and is data: what to copy where, in addresses as
 * they stand in the library files (the load address of each image is added here). Everything is little-endian, as the
 * machine is. Layout: a header, then the operations, the pieces, the starts, the functions, the constants, and the
 * values of enumerations.
 *
 * A plan only reads the old image and only writes to the new one, which nothing runs yet: leaving it half-way harms
 * nothing. It is checked in full before the first byte is written all the same, because a refusal must say everything
 * that does not fit, not the first thing alone. The one thing it writes outside the new image are PLAN_FIX words on the
 * heap, by plan_fix, after the switch can no longer fail.
 */
#ifndef HOTMOD_PLAN_H
#define HOTMOD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAGIC 0x50544d48u /* "HMTP" */
#define PLAN_VERSION 1u

typedef struct plan_header {
  uint32_t magic;
  uint32_t version;
  uint32_t operations;
  uint32_t pieces;
  uint32_t strided; /* pieces with a count above 1, which come first */
  uint32_t starts;
  uint32_t functions;
  uint32_t constants;
  uint32_t values;
  uint32_t checks;   /* numbered from 0; one number may stand in several operations */
  uint64_t old_size; /* bytes of the old image from its load address to its end: addresses below are inside it */
} plan_header_t;

/*
 * One operation. `from` and `to` are addresses of the library files; inside a loop they are those of the first round.
 * `check` is the check that a failure is counted under, PLAN_NO_CHECK where it cannot fail.
 */
typedef struct plan_operation {
  uint16_t code;  /* plan_code_t */
  uint16_t flags; /* PLAN_MAY_... */
  uint32_t check;
  uint64_t from;
  uint64_t to;
  uint64_t count;
  uint64_t a;
  uint64_t b;
  uint32_t body; /* operations that follow and belong to this one */
  uint32_t type; /* class of the pointee: see plan_piece_t */
  uint64_t reserved;
} plan_operation_t;

#define PLAN_NO_CHECK 0xffffffffu

typedef enum plan_code {
  /* `count` bytes. */
  PLAN_COPY = 1,
  /*
   * One number or truth value, from kind `a` to kind `b` (plan_kind), bit-fields included. Saturates, and counts
   * under `check`, where the value does not fit: an integer out of range, an infinity or NaN made an integer, a
   * floating-point number with a fraction made an integer, a double that no float holds (overflow; loss of precision
   * does not count).
   */
  PLAN_CONVERT = 2,
  /* `count` rounds of the `body` operations that follow; `from` grows by `a` and `to` by `b` each round. */
  PLAN_LOOP = 3,
  /*
   * `count` pointers in a row. One outside the old image is copied. One to an old function, variable or virtual table is
   * re-pointed to its counterpart. One into constant data is kept, and the plan then keeps the old image. Anything else,
   * and a counterpart that is gone, counts under `check`; when overruled, it becomes NULL.
   */
  PLAN_POINTER = 4,
  /*
   * As PLAN_POINTER, for `count` words that may hold anything (a union): what is no known place in the old image is copied.
   * Of a process that has ended, what may have been an address there counts under `check`.
   */
  PLAN_WORDS = 5,
  /*
   * Enumeration value: kind `a` to kind `b`; `type` is the index of the first pair (old, new) in the table of values and
   * `count` their number. A value that is in no pair is copied; with PLAN_MUST_KNOW it counts under `check`, and is
   * copied when overruled.
   */
  PLAN_ENUM = 6,
  /* `count` bytes that are dropped: counts under `check` where one of them is not zero. */
  PLAN_MUST_BE_ZERO = 7,
  /*
   * A whole variable of `count` bytes: its `body` is skipped where the live bytes are the initial ones, so that the new
   * initial value stands. Otherwise counts under `check`, which says that the live value was kept. Initial bytes are
   * those of the snapshot taken when the image was loaded; storage outside the snapshot (.bss) is zero at first.
   * On the way back to an image that ran before, the variable there, of `a` bytes at `to`, must have its own as well.
   */
  PLAN_UNLESS_INITIAL = 8,
  /*
   * The old word at `from` points to a heap object, at byte `a` of which stands the address of an old variable (the
   * header of a std::list or std::map; `b` is its address in the file). plan_fix writes the counterpart there. Nothing
   * happens where the word at `from` is NULL or inside the old image, or the word on the heap is not the header.
   */
  PLAN_FIX = 9,
  /* As PLAN_FIX for each of the N pointers of the heap array that the word at `from` points to; N is the word at address `a`. */
  PLAN_FIX_ARRAY = 10,
  /* `count` pointers in a row: those that are not NULL and lead outside the old image count under `check`. */
  PLAN_OUTSIDE = 11,
  /*
   * The old word at `from` points to a heap object whose word at byte `a` is the address of a virtual table. plan_fix
   * re-points that to the counterpart, so that the object's virtual functions are the new ones. Nothing happens where the
   * word at `from` is NULL or inside the old image, or the table has no counterpart.
   */
  PLAN_FIX_VPTR = 12,
  /* `count` integers of a word's width in a row: those that hold an address inside the old image count under `check`. */
  PLAN_STRAY = 13,
} plan_code_t;

/* Flags. */
#define PLAN_MUST_KNOW 1u

/* A kind of number: bits 0-3 plan_number_t, 4-11 width in bits (long double: 80 or 128), 12-19 first bit in the storage at `from`/`to` (bit-fields, counted from the lowest bit of the byte there). */
typedef enum plan_number { PLAN_SIGNED = 1, PLAN_UNSIGNED = 2, PLAN_FLOAT = 3, PLAN_BOOLEAN = 4 } plan_number_t;

/*
 * Where a stretch of an old variable went: bytes [from + k*from_stride, + length) to [to + k*to_stride, + length), for
 * k below `count`. Those with a count of 1 are sorted by `from` and do not overlap. `type` is the class of the object that
 * begins at `from` (0: none given) and `element` the class of the elements of the array that ends with this piece (0: no
 * array): one past the end of an array is also the start of what follows it, and the class of the pointer decides.
 *
 * A start has the same form and a length of 0: a pointer of exactly this class, or of class 0 (void, bytes), that leads to
 * exactly there leads to the new object. Its fields may have gone elsewhere, which the pieces say. Outer objects come
 * before inner ones.
 */
typedef struct plan_piece {
  uint64_t from;
  uint64_t from_stride;
  uint64_t to;
  uint64_t to_stride;
  uint64_t length;
  uint64_t count;
  uint32_t type;
  uint32_t element;
} plan_piece_t;

/* A function or a virtual table's address point: exactly `from` becomes `to`; 0 where it is gone. Sorted by `from`. */
typedef struct plan_function {
  uint64_t from;
  uint64_t to;
} plan_function_t;

/* Old bytes [from, from + length) are constant: pointers to them are kept. */
typedef struct plan_constant {
  uint64_t from;
  uint64_t length;
} plan_constant_t;

typedef struct plan_value {
  int64_t from;
  int64_t to;
} plan_value_t;

/* Stretches of a process that has ended which are here too, and where each begins now. */
typedef struct plan_move {
  uintptr_t start;
  uintptr_t end;
  uintptr_t to;
} plan_move_t;

/* What of an ended process is here, and where addresses of it lay. */
typedef struct plan_past {
  const plan_move_t *moves;
  size_t move_count;
  struct {
    uintptr_t low;
    uintptr_t high;
  } memory[2];
} plan_past_t;

/* Where both images lie: load address, and the initial bytes of the old one's data, which start at `initial_address`. */
typedef struct plan_images {
  uintptr_t old_base;
  uintptr_t old_shift; /* from where the old image lay to where its bytes are; 0 unless it was in another process */
  uintptr_t new_base;
  const unsigned char *initial;
  uint64_t initial_address; /* as in the library file */
  size_t initial_size;
  /* The new image ran before: its own initial bytes, by which a variable that nobody ever changed is told. */
  bool ran_before;
  const unsigned char *new_initial;
  uint64_t new_initial_address;
  size_t new_initial_size;
  /*
   * The old image was in a process that has ended: an address of that is led on by `past`, and where nothing knows of it, it
   * counts as one that leads nowhere. NULL where both are in this process.
   */
  const plan_past_t *past;
  bool same; /* both are of one library: what lies in it lies at the same place of the other */
} plan_images_t;

/* What one check found. `value` and `round` are those of the first: the number or address, and the element's index. */
typedef struct plan_finding {
  uint64_t count;
  uint64_t value;
  uint64_t round;
} plan_finding_t;

typedef struct plan plan_t;

/*
 * Takes a plan apart; its bytes are copied. NULL where they are not a whole plan of this version, an operation reaches
 * outside the images' sizes, or memory is short.
 */
plan_t *plan_read(const void *bytes, size_t size);
void plan_free(plan_t *plan);

size_t plan_check_count(const plan_t *plan);

/* Bytes of the old image that the plan was made for. */
uint64_t plan_old_size(const plan_t *plan);

/* The first address of a constant that pointers may lead to; UINT64_MAX where the plan knows of none. */
uint64_t plan_first_constant(const plan_t *plan);

/*
 * True where every operation stays inside images of these sizes, and all of them together come to an end in a time that
 * is in proportion to them; must be asked before the functions below.
 */
bool plan_fits(const plan_t *plan, uint64_t old_size, uint64_t new_size);

/* Looks and writes nothing. `findings` has plan_check_count entries and is overwritten. */
void plan_check(const plan_t *plan, const plan_images_t *images, plan_finding_t *findings);

/* Carries the plan out. `*keeps_old` is set where a pointer into the old image's constants was kept. */
void plan_apply(const plan_t *plan, const plan_images_t *images, bool *keeps_old);

/* Repairs the words on the heap that point back into variables; `backwards` undoes it. */
void plan_fix(const plan_t *plan, const plan_images_t *images, bool backwards);

/* Where an address of the old image leads in the new one; false where nobody knows, and for all others. */
bool plan_find(const plan_t *plan, const plan_images_t *images, uintptr_t word, uintptr_t *to);

#endif
