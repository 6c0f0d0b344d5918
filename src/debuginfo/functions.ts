import { buildFunctionType, parameterType, type TypeReader } from './build-type.js';
import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import { lazy } from './lazy.js';
import { isDiscarded } from './locations.js';
import type { OpenUnit } from './program.js';
import type { DebugFunction, FunctionType } from './types.js';
import { withDeclarations } from './variables.js';

/** Every function with code in the file (DWARF 5, section 3.3). */
export function readFunctions(reader: TypeReader): readonly DebugFunction[] {
  const { program } = reader;
  const found: DebugFunction[] = [];
  for (const unit of program.units) {
    for (const [position, kind] of unit.index.tags.entries()) {
      if (kind !== tag.subprogram) continue;
      const entry = program.entry(unit, unit.index.offsets[position] ?? 0);
      const one = readFunction(reader, unit, entry);
      if (one !== null) found.push(one);
    }
  }
  return found;
}

function readFunction(reader: TypeReader, unit: OpenUnit, entry: Entry): DebugFunction | null {
  const low = entry.address(at.lowPc);
  if (low === null || isDiscarded(unit, { ...low, threadLocal: unit.sections.relocatable })) return null;
  const { program } = reader;
  const all = withDeclarations(reader, unit, entry);
  const declared = all.at(-1) ?? { unit, entry };
  const text = (attribute: number): string | null =>
    all.map((one) => one.entry.string(attribute)).find((one) => one !== null) ?? null;
  const name = text(at.name) ?? '';
  const linkageName = text(at.linkageName) ?? text(at.mipsLinkageName);
  const high = entry.address(at.highPc);
  const size = high === null ? (entry.number(at.highPc) ?? 0) : high.address - low.address;
  const parameters = lazy(() => program.children(unit, entry).filter((child) => child.tag === tag.formalParameter));
  const returning = all.find((one) => one.entry.has(at.type));
  const own = buildFunctionType(reader, unit, entry);
  const type: FunctionType = {
    kind: 'function',
    get returns() {
      return returning === undefined ? own.returns : reader.typeOf(returning.entry);
    },
    get parameters() {
      return parameters().map((child) => parameterType(reader, child));
    },
    get variadic() {
      return own.variadic;
    },
  };
  return {
    name,
    linkageName: linkageName === name ? null : linkageName,
    scope: program.scopeOf(declared.unit, declared.entry.offset).names,
    type,
    prototyped: unit.language !== 'c' || all.some((one) => one.entry.flag(at.prototyped)),
    address: low.address,
    section: low.section,
    size,
    external: all.some((one) => one.entry.flag(at.external)),
    unit: unit.name,
    get parameterNames() {
      return parameters().map((child) => parameterName(reader, child));
    },
    get place() {
      const placed = all.find((one) => one.entry.has(at.declLine)) ?? declared;
      return program.placeOf(placed.unit, placed.entry);
    },
  };
}

function parameterName({ program }: TypeReader, child: Entry): string {
  const own = child.string(at.name);
  const origin = own === null ? child.reference(at.abstractOrigin) : null;
  return own ?? (origin === null ? '' : (program.follow(origin).entry.string(at.name) ?? ''));
}
