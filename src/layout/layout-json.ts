import type { FieldLayout, RecordLayout } from './layout.js';

/** `{types: {"struct point": {size, align, fields: [{name, offset, size, type}]}}}`, as `inspect --layout --json` prints it. */
export interface LayoutJson {
  readonly types: Readonly<Record<string, TypeLayoutJson>>;
}

export interface TypeLayoutJson {
  readonly kind: 'struct' | 'class' | 'union';
  readonly size: number;
  readonly align: number;
  readonly fields: readonly FieldJson[];
  readonly holes: RecordLayout['holes'];
  readonly bitHoles: RecordLayout['bitHoles'];
  readonly paddingAtEnd: number;
  readonly bases: RecordLayout['bases'];
  readonly file: string;
  readonly line: number;
}

/** Offsets as in `FieldLayout`; those inside a record that is held by value are counted from the outermost one too. */
export interface FieldJson {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly type: string;
  readonly bitOffset?: number;
  readonly bitSize?: number;
  readonly fields?: readonly FieldJson[];
}

export function layoutJson(layouts: readonly RecordLayout[]): LayoutJson {
  return { types: Object.fromEntries(layouts.map((layout) => [layout.name, typeJson(layout)])) };
}

function typeJson(layout: RecordLayout): TypeLayoutJson {
  const { form, size, align, fields, holes, bitHoles, paddingAtEnd, bases, place } = layout;
  const { file, line } = place;
  return { kind: form, size, align, fields: fields.map(fieldJson), holes, bitHoles, paddingAtEnd, bases, file, line };
}

function fieldJson({ declaration: _, fields, ...field }: FieldLayout): FieldJson {
  return fields === undefined ? field : { ...field, fields: fields.map(fieldJson) };
}
