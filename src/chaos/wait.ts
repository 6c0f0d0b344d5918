/** Looks again every few milliseconds until the check holds. False where it never did within this time. */
export async function holds(check: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > end) return false;
    await pause(5);
  }
  return true;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
