import type { ValidateRequest } from '../validate/types.js';

/** What the public headers (`modules/include`) let modules call in the engine. */
const moduleApi = ['module_get_symbol'] as const;

/** Where there is no engine, because modules of the target do not run here, it is taken to be there where they will. */
export function engineProvides(engineLibrary: string): ValidateRequest['providers']['engine'] {
  return engineLibrary === '' ? { symbols: moduleApi, libraries: [] } : { symbols: [], libraries: [engineLibrary] };
}
