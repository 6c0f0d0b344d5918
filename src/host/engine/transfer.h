/*
 * transfer.h: what a caller has handed over to carry the state of one module to its next version (plan.h).
 */
#ifndef HOTMOD_TRANSFER_H
#define HOTMOD_TRANSFER_H

#include "calls.h"
#include "plan.h"

typedef struct transfer {
  plan_t *plan;
  hot_transfer_t what;
  hot_old_image_t old_image;
  size_t size; /* bytes of the converted state of HOT_TRANSFER_SAVED */
  uint32_t *must_hold;
  size_t must_count;
  plan_finding_t *findings; /* plan_check_count entries */
  bool keeps_old;           /* once carried out: pointers into the old image's constants were kept */
  plan_images_t images;     /* once carried out: what plan_fix needs on the way back */
} transfer_t;

/* Whether it carries variables from image to image; false for NULL. */
static inline bool transfer_carries(const transfer_t *transfer) {
  return transfer != NULL && transfer->what == HOT_TRANSFER_VARIABLES;
}

/* Takes a request apart; its bytes are copied. NULL where the plan is no plan, or memory is short. */
transfer_t *transfer_read(const hot_transfer_request_t *request);
void transfer_free(transfer_t *transfer);

/*
 * Looks at what the plan of variables would do, from one image to another. False with *failure where the plan does not
 * fit the images, or looking crashed.
 */
bool transfer_look(transfer_t *transfer, image_t *from, image_t *to, hot_failure_t *failure);

/* Looks and, where every check that must hold does, carries the variables over. */
bool transfer_variables(transfer_t *transfer, image_t *from, image_t *to, hot_failure_t *failure);

/*
 * The same into an image that ran before. A variable that has its initial value in both is left alone; one that has it in
 * `from` alone was given that value since, and is carried over.
 */
bool transfer_back(transfer_t *transfer, image_t *from, image_t *to, hot_failure_t *failure);

/* Whether transfer_back would carry the variables over now. Writes nothing. */
bool transfer_fits_back(transfer_t *transfer, image_t *from, image_t *to);

/*
 * The same from an image of a process that has ended (inherit.h), into one whose init has run: a variable is left alone
 * where it has its initial value in both.
 */
bool transfer_look_past(transfer_t *transfer, const image_t *ghost, image_t *to, const plan_past_t *past,
                        hot_failure_t *failure);
bool transfer_past(transfer_t *transfer, const image_t *ghost, image_t *to, const plan_past_t *past,
                   hot_failure_t *failure);

/* After variables were carried over: repairs what points back from the heap, and notes what the image that left may be. */
void transfer_hand_on(const transfer_t *transfer, image_t *from, image_t *to);

/* Converts saved bytes to new ones, which *converted then holds. */
bool transfer_saved(transfer_t *transfer, const image_t *image, const blob_t *saved, blob_t *converted,
                    hot_failure_t *failure);

/*
 * Has the memory of an image that arrives made present, so that the pause need not wait for the system to do so page by
 * page. Outside the pause; nothing changes in it.
 */
void transfer_warm(const image_t *to);

/* Repairs what points back from the heap, or undoes that. A crash in it is swallowed: it is the last thing done. */
void transfer_fix(const transfer_t *transfer, image_t *image, bool backwards);

#endif
