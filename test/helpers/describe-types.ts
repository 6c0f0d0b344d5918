import type { DebugInfo, DebugType } from '../../src/debuginfo/types.js';

/**
 * Everything that debug information says, as texts: all types in full depth, variables, functions. Types are written once,
 * and then referred to by their number, so that what is one object shows as one.
 */
export function describeAll(info: DebugInfo): readonly string[] {
  const numbers = new Map<DebugType, number>();
  const texts: string[] = [];
  const open: DebugType[] = [];
  const refer = (type: DebugType): string => {
    const known = numbers.get(type) ?? numbers.size;
    if (!numbers.has(type)) open.push(type);
    numbers.set(type, known);
    return `#${known}`;
  };
  const finish = (): void => {
    for (let type = open.shift(); type !== undefined; type = open.shift()) {
      texts.push(`${refer(type)} ${describe(type, refer)}`);
    }
  };
  const say = (text: string): void => {
    texts.push(text);
    finish();
  };
  for (const one of info.variables) {
    const { name, linkageName, scope, type, address, size, place, tags, ...rest } = { size: 0, ...plain(one) };
    say(JSON.stringify([name, linkageName, scope, refer(type), address, size, place, tags, rest]));
  }
  for (const type of info.types) say(`type ${refer(type)}`);
  for (const type of info.typesByUnit(['std']).flat()) say(`outside ${refer(type)}`);
  for (const one of info.functions) {
    const { name, linkageName, scope, type, parameterNames, prototyped, address, size, external, place, unit } = one;
    say(
      JSON.stringify([
        name,
        linkageName,
        scope,
        refer(type),
        parameterNames,
        prototyped,
        address,
        size,
        external,
        place,
        unit,
      ]),
    );
    say(JSON.stringify([info.lineAt(address), info.framesAt(address), info.functionAt(address)?.name]));
  }
  say(JSON.stringify(info.units));
  return texts;
}

function plain(one: DebugInfo['variables'][number]): DebugInfo['variables'][number] {
  const { name, linkageName, scope, type, address, section, threadLocal, constant, external, unit, place, tags } = one;
  return {
    name,
    linkageName,
    scope,
    type,
    address,
    section,
    threadLocal,
    constant,
    external,
    unit,
    place,
    tags,
    function: one.function,
  };
}

function describe(type: DebugType, refer: (type: DebugType) => string): string {
  switch (type.kind) {
    case 'void':
    case 'base':
    case 'unspecified':
      return JSON.stringify(type);
    case 'pointer':
      return `${type.form} ${type.size} ${refer(type.target)}`;
    case 'qualified':
      return `${type.qualifier} ${refer(type.target)}`;
    case 'typedef':
      return JSON.stringify([type.name, type.scope, type.align, type.place, refer(type.target)]);
    case 'array':
      return JSON.stringify([refer(type.element), type.dimensions, type.vector, type.size]);
    case 'enum':
      return JSON.stringify([
        ...[type.name, type.scope, type.size, type.signed, type.complete, type.place, type.unit],
        type.members.map((one) => [one.name, String(one.value)]),
      ]);
    case 'function':
      return JSON.stringify([type.parameters.map(refer), refer(type.returns), type.variadic]);
    case 'record':
      return JSON.stringify([
        ...[type.form, type.name, type.scope, type.size, type.align, type.complete, type.vtableOffset, type.place],
        type.unit,
        type.bases.map((one) => [refer(one.type), one.offset, one.virtual]),
        type.fields.map((one) => [
          ...[one.name, refer(one.type), one.offset, one.bitOffset, one.bitSize, one.align, one.artificial, one.place],
          one.tags,
        ]),
      ]);
    default: {
      const unknown: never = type;
      return unknown;
    }
  }
}
