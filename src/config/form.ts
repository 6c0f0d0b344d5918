/** Looks things up in a JSON schema (as z.toJSONSchema writes it), so that an error can say what was expected. */

export type Path = readonly PropertyKey[];

/** `modules.overrides.counter.build.flags[0]`. */
export function showPath(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w$]+$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}

/** The keys an object may have at this place; `root` is the value, which decides between the branches of a union. */
export function keysAt(schema: unknown, path: Path, root: unknown): readonly string[] {
  const found = descend(schema, path, root);
  return isRecord(found) && isRecord(found.properties) ? Object.keys(found.properties) : [];
}

/** A sentence: `a list of texts. Compiler flags for every language.` */
export function expectedForm(schema: unknown, path: Path, root: unknown): string {
  const found = descend(schema, path, root);
  const text = formOf(found);
  // An element of a list has no words of its own; those of the list are the next best.
  const words = [found, descend(schema, path.slice(0, -1), root)].find(
    (node, index) => isRecord(node) && typeof node.description === 'string' && (index === 0 || isIndex(path.at(-1))),
  );
  return isRecord(words) ? `${text}. ${String(words.description)}` : `${text}.`;
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) value = isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined;
  return value;
}

/** The given value as it would stand in a config file, cut where it is long. */
export function quoteValue(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function descend(schema: unknown, path: Path, root: unknown): unknown {
  let node = schema;
  let value = root;
  for (const key of path) {
    node = stepInto(node, key, value);
    value = valueAt(value, [key]);
  }
  return branchFor(node, value);
}

function stepInto(schema: unknown, key: PropertyKey, value: unknown): unknown {
  const node = branchFor(schema, value);
  if (!isRecord(node)) return undefined;
  if (isIndex(key)) return node.items;
  const named = isRecord(node.properties) ? node.properties[String(key)] : undefined;
  return named ?? (isRecord(node.additionalProperties) ? node.additionalProperties : undefined);
}

/** Of a union the branch of the same kind as the value; the union itself where none is. */
function branchFor(node: unknown, value: unknown): unknown {
  if (!isRecord(node) || !Array.isArray(node.anyOf)) return node;
  const kind = Array.isArray(value) ? 'array' : typeof value;
  return node.anyOf.find((branch: unknown) => isRecord(branch) && branch.type === kind) ?? node;
}

function formOf(node: unknown): string {
  if (!isRecord(node)) return 'another value';
  if (Array.isArray(node.anyOf)) return node.anyOf.map(formOf).join(', or ');
  if (Array.isArray(node.enum)) return `one of ${node.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  switch (node.type) {
    case 'string':
      return node.minLength === 1 ? 'a text that is not empty' : 'a text';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number${range(node)}`;
    case 'number':
      return `a number${range(node)}`;
    case 'array':
      return `${node.minItems === 1 ? 'a list with at least one entry' : 'a list'}, each ${formOf(node.items)}`;
    case 'object':
      return isRecord(node.properties)
        ? `an object with the keys ${Object.keys(node.properties).join(', ')}`
        : `an object of names, each ${formOf(node.additionalProperties)}`;
    default:
      return 'another value';
  }
}

function range(node: Readonly<Record<string, unknown>>): string {
  const low = node.minimum ?? node.exclusiveMinimum;
  const high = typeof node.maximum === 'number' && node.maximum < Number.MAX_SAFE_INTEGER ? node.maximum : undefined;
  if (typeof low === 'number' && low > Number.MIN_SAFE_INTEGER) {
    const lowText = node.minimum === undefined ? `above ${low}` : `of at least ${low}`;
    return high === undefined ? ` ${lowText}` : ` ${lowText} and at most ${high}`;
  }
  return high === undefined ? '' : ` of at most ${high}`;
}

function isIndex(key: PropertyKey | undefined): boolean {
  return typeof key === 'number';
}
