/* faults.h: the queue of modules that crashed, from the engine's thread to whoever hosts it. */
#ifndef HOTMOD_FAULTS_H
#define HOTMOD_FAULTS_H

#include "image.h"

/* Makes the wake-up pipe. 0, or -1 with errno. */
int faults_open(void);

/* From now on nobody is woken: for a copy of the process, which shares the pipe with it. */
void faults_detach(void);

/* Puts what a failed call left in *failure into a fault, of which nobody knows yet what becomes. */
void faults_describe(hot_fault_t *fault, const image_t *image, const hot_failure_t *failure);

/* Queues a fault, and with it the memory of went_back; the oldest is dropped where nobody takes them. */
void faults_queue(const hot_fault_t *fault);

/* Queues that a module was called again after a crash. */
void faults_recovered(const image_t *image);

/* Both describes and queues, for a module that is out of the frame loop and with which nothing else was done. */
void faults_push(const image_t *image, const hot_failure_t *failure);

#endif
