import { entryNames } from '../../src/config/entry.js';
import type { ResolvedModule } from '../../src/config/resolved.js';
import { nativeTarget } from '../../src/target/targets.js';
import type { ValidateRequest } from '../../src/validate/types.js';

/** A resolved module without sources, for stages that never look at them. */
export function resolvedModule(name: string, dependencies: readonly string[] = []): ResolvedModule {
  return {
    name,
    dir: `/nowhere/${name}`,
    version: '0.0.0',
    dependencies: dependencies.map((dependency) => ({ name: dependency, version: '*', optional: false })),
    entry: entryNames(name, undefined),
    build: {
      command: null,
      output: null,
      sources: [],
      flags: [],
      cflags: [],
      cxxflags: [],
      asmflags: [],
      ldflags: [],
      includes: [],
      defines: [],
    },
  };
}

/** A request to validate `library` as the module `counter`, for the machine the tests run on. */
export function validateRequest(library: string, changes: Partial<ValidateRequest> = {}): ValidateRequest {
  return {
    library,
    module: resolvedModule('counter'),
    target: nativeTarget(),
    providers: { engine: { symbols: [], libraries: [] }, modules: [] },
    ...changes,
  };
}
