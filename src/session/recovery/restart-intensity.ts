/**
 * Erlang/OTP's restart intensity (supervisor(3), "Maximum Restart Intensity"): more than `max` crashes within
 * `withinMs` mean that starting again does not help.
 *
 * @returns the crashes that still count, the new one included, and whether they are too many.
 */
export function countCrash(
  earlier: readonly number[],
  nowMs: number,
  limit: { readonly max: number; readonly withinMs: number },
): { readonly crashes: readonly number[]; readonly tooMany: boolean } {
  const crashes = [...earlier.filter((time) => nowMs - time < limit.withinMs), nowMs];
  return { crashes, tooMany: crashes.length > limit.max };
}
