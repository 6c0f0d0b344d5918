import { DebugInfoError } from '../../src/debuginfo/errors.js';
import type { DebugInfo, DebugType, RecordType } from '../../src/debuginfo/types.js';

/** `name@bit offset:bits` of each field of a record, for whole comparisons. */
export function fieldsOf(info: DebugInfo, name: string): readonly string[] {
  return recordNamed(info, name).fields.map(
    (field) => `${field.name}@${field.bitOffset}${field.bitSize === null ? '' : `:${field.bitSize}`}`,
  );
}

export function recordNamed(info: DebugInfo, name: string): RecordType {
  const found = info.types.find((type) => type.kind === 'record' && type.name === name);
  if (found?.kind !== 'record') throw new Error(`there is no record ${name}`);
  return found;
}

/** What stays the same when only the container of debug information changes: names, places in it, and types. */
export function summaryOf(info: DebugInfo): unknown {
  return {
    variables: info.variables
      .map((one) => `${one.function ?? ''} ${one.scope.join('::')} ${one.name} ${nameOf(one.type)} ${one.address}`)
      .sort(),
    functions: info.functions.map((one) => `${one.name} ${one.address} ${one.size} ${nameOf(one.type.returns)}`).sort(),
    types: info.types
      .map((type) =>
        type.kind === 'record' ? `${type.name} ${type.size} ${fieldsOf(info, type.name ?? '')}` : type.name,
      )
      .sort(),
  };
}

function nameOf(type: DebugType): string {
  if (type.kind === 'pointer') return `${nameOf(type.target)} *`;
  if (type.kind === 'array') return `${nameOf(type.element)} ${type.dimensions.join('x')}`;
  return 'name' in type ? `${type.name}` : type.kind;
}

/** `problem: message` of the DebugInfoError that is thrown; anything else goes through. */
export function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof DebugInfoError) return `${error.problem}: ${error.message}`;
    throw error;
  }
  throw new Error('it was read');
}
