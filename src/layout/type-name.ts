import type { DebugType, RecordType } from '../debuginfo/types.js';

/** A type as C writes it: `unsigned long[4]`, `struct city *`, `int (*)(int, const char *)`. */
export function typeName(type: DebugType): string {
  return declare(type, '');
}

/**
 * The declaration of a name: `int (*callback)(int)`, `char name[32]`. What stands to the right of a name binds tighter
 * than what stands to its left, hence the parentheses (C11 6.7.6).
 */
export function declare(type: DebugType, name: string): string {
  switch (type.kind) {
    case 'void':
      return withName('void', name);
    case 'base':
    case 'unspecified':
      return withName(type.name === '' ? `${type.kind === 'base' ? type.size : 0} bytes` : type.name, name);
    case 'typedef':
      return withName(scoped(type.scope, type.name), name);
    case 'record':
      return withName(recordName(type), name);
    case 'enum':
      return withName(type.name === null ? 'enum {...}' : scoped(type.scope, type.name, 'enum '), name);
    case 'qualified': {
      const word = type.qualifier === 'atomic' ? '_Atomic' : type.qualifier;
      // Of a pointer the qualifier stands behind the star: `char *const name`.
      const isPointer = unqualified(type).kind === 'pointer';
      return isPointer
        ? declare(type.target, name === '' ? word : `${word} ${name}`)
        : `${word} ${declare(type.target, name)}`;
    }
    case 'pointer': {
      if (type.form === 'memberPointer') return declare(type.target, `(::*${name})`);
      const sign = type.form === 'reference' ? '&' : type.form === 'rvalueReference' ? '&&' : '*';
      const target = unqualified(type.target).kind;
      return declare(type.target, target === 'array' || target === 'function' ? `(${sign}${name})` : `${sign}${name}`);
    }
    case 'array': {
      const bounds = type.dimensions.map((count) => `[${count ?? ''}]`).join('');
      return declare(type.element, `${name}${bounds}`);
    }
    case 'function': {
      const parameters = type.parameters.map(typeName);
      if (type.variadic) parameters.push('...');
      return declare(type.returns, `${name}(${parameters.length === 0 ? 'void' : parameters.join(', ')})`);
    }
    default: {
      const unknown: never = type;
      throw new Error(`declare: ${JSON.stringify(unknown)}`);
    }
  }
}

function unqualified(type: DebugType): DebugType {
  let current = type;
  while (current.kind === 'qualified') current = current.target;
  return current;
}

/** `struct city`; in C++, where the word is not part of the name, `ns::city` alone. */
export function recordName(record: RecordType): string {
  if (record.name === null) return `${record.form} {...}`;
  return scoped(record.scope, record.name, `${record.form} `);
}

function scoped(scope: readonly string[], name: string, keyword = ''): string {
  if (scope.length === 0) return `${keyword}${name}`;
  return [...scope.map((one) => (one === '' ? '(anonymous namespace)' : one)), name].join('::');
}

function withName(type: string, name: string): string {
  if (name === '') return type;
  return name.startsWith('[') ? `${type}${name}` : `${type} ${name}`;
}
