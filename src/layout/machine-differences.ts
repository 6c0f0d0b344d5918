import type { DebugInfo } from '../debuginfo/types.js';
import { diffLayouts, type FieldChange, type FieldSide, type LayoutChange } from './diff.js';
import { layoutsOf, type RecordLayout } from './layout.js';
import { typeName } from './type-name.js';

/** A build of the same sources for one machine, and what types mean there. */
export interface MachineBuild {
  readonly machine: string;
  readonly debug: Pick<DebugInfo, 'types' | 'variables'>;
  readonly charIsSigned: boolean;
  readonly longDouble: string;
  readonly pageSize: number;
}

/** Of so many places the first are named. */
const named = 3;

/** What of the same types is different on the other machine, in sentences; empty where nothing is. */
export function machineDifferences(here: MachineBuild, there: MachineBuild): readonly string[] {
  const layouts = [ownLayouts(here), ownLayouts(there)] as const;
  const places = placesOf(here, layouts[0]);
  const meaning = (type: string, one: string, other: string): readonly string[] => {
    const found = places.filter((place) => place.type === type).map((place) => place.name);
    if (one === other || found.length === 0) return [];
    const more = found.length > named ? ` and ${found.length - named} more` : '';
    const which = found.slice(0, named).join(', ') + more;
    return [`${type} is ${one} on ${here.machine} and ${other} on ${there.machine}: ${which}`];
  };
  const sign = ({ charIsSigned }: MachineBuild): string => (charIsSigned ? 'signed' : 'unsigned');
  return [
    // A record that only one of them has is the machine's own (va_list), or was meant for it.
    ...diffLayouts(...layouts)
      .filter(({ change }) => change === 'changed')
      .map((change) => layoutText(change, here, there)),
    ...meaning('char', sign(here), sign(there)),
    ...meaning('long double', here.longDouble, there.longDouble),
    ...pagesText(layouts[0], here, there),
  ];
}

/** Nothing has changed from one to the other: the two stand beside each other. */
function layoutText(change: LayoutChange, here: MachineBuild, there: MachineBuild): string {
  const { name, sizeBefore, sizeAfter, alignBefore, alignAfter, fields } = change;
  const size =
    sizeBefore === sizeAfter
      ? `${sizeBefore} bytes on both`
      : `${sizeBefore} bytes on ${here.machine} and ${sizeAfter} on ${there.machine}`;
  const align = alignBefore === alignAfter ? '' : `, aligned to ${alignBefore} and ${alignAfter}`;
  const shown = fields.slice(0, named).map((field) => fieldText(field, here, there));
  const more = fields.length > named ? [`${fields.length - named} more fields`] : [];
  return [`${name}: ${size}${align}`, ...shown, ...more].join('; ');
}

function fieldText({ name, before, after }: FieldChange, here: MachineBuild, there: MachineBuild): string {
  if (before === null || after === null) return `${name} only on ${before === null ? there.machine : here.machine}`;
  const sizes = sizeText(before) === sizeText(after) ? '' : ` has ${sizeText(before)} and ${sizeText(after)}`;
  const places = placeText(before) === placeText(after) ? '' : ` at ${placeText(before)} and ${placeText(after)}`;
  const types = before.type === after.type ? '' : ` is ${before.type} and ${after.type}`;
  return `${name}${[types, sizes, places].filter((part) => part !== '').join(',')}`;
}

function sizeText({ size, bitSize }: FieldSide): string {
  return bitSize === undefined ? `${size} bytes` : `${bitSize} bits`;
}

function placeText({ offset, bitOffset }: FieldSide): string {
  return bitOffset === undefined ? `offset ${offset}` : `bit ${bitOffset}`;
}

/** What is aligned to the pages of one machine may rely on lying alone on its page, which it does not on the other. */
function pagesText(layouts: readonly RecordLayout[], here: MachineBuild, there: MachineBuild): readonly string[] {
  const [smaller, larger] = [Math.min(here.pageSize, there.pageSize), Math.max(here.pageSize, there.pageSize)];
  const aligned = layouts.filter(({ align }) => align >= smaller && align < larger);
  if (aligned.length === 0) return [];
  const which = aligned.slice(0, named).map(({ name, align }) => `${name} is aligned to ${align}`);
  return [
    `pages have ${here.pageSize} bytes on ${here.machine} and ${there.pageSize} on ${there.machine}: ${which.join(', ')}`,
  ];
}

/** Those of the system's headers differ by their nature; what holds one of them has another size then, which tells enough. */
function ownLayouts({ debug }: MachineBuild): readonly RecordLayout[] {
  return layoutsOf(debug).filter(({ place }) => !place.file.startsWith('/usr/'));
}

/** Single values; of arrays of char a sign does not matter, because they are texts. */
function placesOf(
  { debug }: MachineBuild,
  layouts: readonly RecordLayout[],
): readonly { readonly name: string; readonly type: string }[] {
  const fields = layouts.flatMap((layout) =>
    layout.fields.map(({ name, type }) => ({ name: `${layout.name}.${name}`, type })),
  );
  return [...fields, ...debug.variables.map(({ name, type }) => ({ name, type: typeName(type) }))];
}
