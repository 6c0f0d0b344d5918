import { HotmodError } from '../../src/errors.js';

/** The HotmodError that a promise rejects with; anything else, a good end included, fails the test. */
export async function thrown(promise: Promise<unknown>): Promise<HotmodError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HotmodError) return error;
    throw new Error('something that is no HotmodError was thrown', { cause: error });
  }
  throw new Error('nothing was thrown');
}
