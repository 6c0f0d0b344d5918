/* faults.h: the queue of modules that crashed, from the engine's thread to whoever hosts it. */
#ifndef HOTMOD_FAULTS_H
#define HOTMOD_FAULTS_H

#include "image.h"

/* Makes the wake-up pipe. 0, or -1 with errno. */
int faults_open(void);

/* From now on nobody is woken: for a copy of the process, which shares the pipe with it. */
void faults_detach(void);

/* Queues what a failed call left in *failure; the oldest is dropped where nobody takes them. */
void faults_push(const image_t *image, const hot_failure_t *failure);

#endif
