/**
 * Loads something with NODE_ENV=production where nobody has set it, and takes it away again, so that builds and hosts
 * started later see the environment the user gave. React chooses its build by this variable once, while it is loaded;
 * its development build is several times slower and leaves a performance mark in memory with every drawing. An import
 * statement would be too late for this: Node evaluates CommonJS packages while it links, before any module's own code.
 */
export async function loadInProduction<T>(load: () => Promise<T>): Promise<T> {
  if (process.env.NODE_ENV !== undefined) return await load();
  process.env.NODE_ENV = 'production';
  try {
    return await load();
  } finally {
    delete process.env.NODE_ENV;
  }
}
