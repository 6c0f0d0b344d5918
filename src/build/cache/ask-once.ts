/** Answers that take a while and stay true, each asked for once. */
export interface Answers<T> {
  /** Undefined where it could not be answered, which is not asked again. */
  of(key: string, ask: () => Promise<T | undefined>): Promise<T | undefined>;
  /** The answer where there is one already; asks for it where nobody has. */
  ready(key: string, ask: () => Promise<T | undefined>): T | undefined;
}

export function askOnce<T>(): Answers<T> {
  const asked = new Map<string, Promise<T | undefined>>();
  const answered = new Map<string, T>();
  const of = (key: string, ask: () => Promise<T | undefined>): Promise<T | undefined> => {
    const known = asked.get(key);
    if (known !== undefined) return known;
    const answer = ask().catch(() => undefined);
    asked.set(key, answer);
    void answer.then((found) => found !== undefined && answered.set(key, found));
    return answer;
  };
  return {
    of,
    ready(key, ask) {
      void of(key, ask);
      return answered.get(key);
    },
  };
}
