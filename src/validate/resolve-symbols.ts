import { basename } from 'node:path';
import type { ModuleImport } from '../host/host.js';
import { nearest } from '../text/nearest.js';
import type { LibraryCache, LibraryInterface } from './library-cache.js';
import { plainName } from './mangled.js';
import type { LibraryFacts, UndefinedSymbol, ValidateRequest, ValidationFinding } from './types.js';

/** Findings beyond this number are counted in one more, so that a forgotten library does not fill the screen. */
const shown = 8;

/**
 * Where the symbols that a library does not define come from: the libraries it needs and the engine, whom the loader
 * asks; then the modules it declares as dependencies, whom the engine asks, for the version that runs. HM307 for each
 * that nothing provides, HM310 where two modules could be meant. Names decide, not versions: the linker bound the
 * versions against the same libraries moments ago, and comparing them again would only add false alarms.
 */
export function resolveSymbols(
  request: ValidateRequest,
  facts: LibraryFacts,
  libraries: readonly LibraryInterface[],
  cache: LibraryCache,
): { readonly imports: readonly ModuleImport[]; readonly findings: readonly ValidationFinding[] } {
  const scope = scopeOf(request, facts, libraries, cache);
  const imports: ModuleImport[] = [];
  const unresolved: UndefinedSymbol[] = [];
  const findings: ValidationFinding[] = [];
  for (const symbol of facts.undefinedSymbols) {
    const { name, weak } = symbol;
    if (scope.names.has(name) || scope.libraries.some((library) => library.exports.has(name))) continue;
    const owners = scope.modules.filter(({ exports }) => exports.has(name));
    const [owner, other] = owners;
    if (owner === undefined && !weak) unresolved.push(symbol);
    if (owner !== undefined && other !== undefined) findings.push(ambiguous(name, owner.name, other.name));
    else if (owner !== undefined) imports.push({ symbol: name, module: owner.name, optional: weak });
  }
  return { imports, findings: [...findings, ...describeUnresolved(unresolved, request, scope, cache)] };
}

function ambiguous(symbol: string, one: string, other: string): ValidationFinding {
  return {
    code: 'HM310',
    message: `${symbol} is exported by ${one} and by ${other}, and both are declared as dependencies`,
    where: symbol,
  };
}

function describeUnresolved(
  unresolved: readonly UndefinedSymbol[],
  request: ValidateRequest,
  scope: Scope,
  cache: LibraryCache,
): readonly ValidationFinding[] {
  const findings = unresolved.slice(0, shown).map(({ name }) => ({
    code: 'HM307',
    message: `undefined symbol ${name}: ${explain(name, request, scope, cache)}`,
    where: name,
  }));
  const rest = unresolved.slice(shown).map((symbol) => symbol.name);
  if (rest.length === 0) return findings;
  const some = rest.slice(0, 20).join(', ');
  const message = `${rest.length} more undefined symbols: ${some}${rest.length > 20 ? ', ...' : ''}`;
  return [...findings, { code: 'HM307', message, where: rest[0] ?? '' }];
}

interface Scope {
  readonly names: ReadonlySet<string>;
  readonly libraries: readonly LibraryInterface[];
  readonly modules: readonly { readonly name: string; readonly exports: ReadonlySet<string> }[];
}

/** Where the loader will look, what the module needs and the engine; and the modules it declares as dependencies. */
function scopeOf(
  request: ValidateRequest,
  facts: LibraryFacts,
  needed: readonly LibraryInterface[],
  cache: LibraryCache,
): Scope {
  const { engine, modules } = request.providers;
  const declared = new Set(request.module.dependencies.map((dependency) => dependency.name));
  const others = engine.libraries.map((path) => cache.read(path)).filter((library) => library !== null);
  return {
    names: new Set([...engine.symbols, ...facts.exports.map((symbol) => symbol.name)]),
    libraries: [...others, ...needed],
    modules:
      declared.size === 0
        ? []
        : modules
            .filter(({ name }) => declared.has(name) && name !== request.module.name)
            .map(({ name, library }) => ({ name, exports: cache.read(library)?.exports ?? new Set<string>() })),
  };
}

/** The likeliest cause, the surest first. */
function explain(name: string, request: ValidateRequest, scope: Scope, cache: LibraryCache): string {
  const modules = request.providers.modules.filter((module) => module.name !== request.module.name);
  const owner = modules.find((module) => cache.read(module.library)?.exports.has(name));
  if (owner !== undefined) {
    return (
      `the module ${owner.name} exports it, but ${request.module.name} does not declare that it depends on it: add ` +
      `{"name": "${owner.name}"} to "dependencies" in its module.json`
    );
  }
  const plain = plainName(name);
  const all = [
    ...scope.libraries,
    ...modules.map((module) => cache.read(module.library)).filter((one) => one !== null),
  ];
  const asC = plain === null ? undefined : all.find((library) => library.exports.has(plain));
  if (asC !== undefined) {
    return `nothing provides it; ${basename(asC.path)} exports ${plain} as a C function: declare it extern "C"`;
  }
  const near = nearest(name, candidates(scope, all));
  return near === undefined ? 'nothing provides it' : `nothing provides it; the nearest name that exists is ${near}`;
}

function* candidates(scope: Scope, libraries: readonly LibraryInterface[]): Generator<string> {
  yield* scope.names;
  for (const library of libraries) yield* library.exports;
}
