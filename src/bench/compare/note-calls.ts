type Callable = (...given: never[]) => unknown;

/** Has `mark` called before and after each call of these methods, a promise they return included. */
export function noteCalls<Name extends string>(
  what: string,
  target: Readonly<Record<Name, Callable>>,
  names: readonly Name[],
  mark: (name: string) => void,
): void {
  for (const name of names) {
    const original = target[name];
    const noted = (...given: never[]): unknown => {
      mark(`${what}.${name} called`);
      const done = (): void => mark(`${what}.${name} done`);
      const result = original.apply(target, given);
      if (result instanceof Promise) return result.finally(done);
      done();
      return result;
    };
    Object.defineProperty(target, name, { value: noted });
  }
}
