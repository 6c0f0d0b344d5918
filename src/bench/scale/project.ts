import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Of a header that all modules include, and of one that a few of them do, relative to the project. */
export const headers = { all: 'include/all.h', few: 'include/few.h' } as const;

/** So many modules include the header of a few. */
export const few = 10;

const perFolder = 100;

export function moduleNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `m${String(index).padStart(4, '0')}`);
}

/** A module's one source, relative to the project. */
export function sourceOf(name: string): string {
  return `modules/${name}/${name}.c`;
}

/**
 * The common header: what it gives differs by `edit`, so that another number means other code in every module. A struct
 * that all of them keep in their state stays as it is.
 */
export function headerOfAll(edit: number): string {
  return `#pragma once
struct common {
  double time;
  long frames;
};
static inline long common_step(void) { return ${edit}; }
`;
}

export function headerOfFew(edit: number): string {
  return `#pragma once
static inline long few_step(void) { return ${edit}; }
`;
}

/** Its state is a struct of its own, and `edit` another constant in its code. */
export function moduleSource(name: string, index: number, edit: number): string {
  const usesFew = index < few;
  return `#include "all.h"
${usesFew ? '#include "few.h"\n' : ''}
struct ${name}_state {
  struct common common;
  long count;
  int values[${4 + (index % 8)}];
};

static struct ${name}_state state;

void ${name}_update(double dt) {
  state.common.time += dt;
  state.common.frames += common_step();
  state.count += ${usesFew ? 'few_step() + ' : ''}${edit + 1};
  state.values[state.count % ${4 + (index % 8)}]++;
}

long ${name}_count(void) { return state.count; }
`;
}

/** A project of so many modules of one small C file each. `root` is to be an empty folder. */
export async function writeManyModules(root: string, count: number): Promise<void> {
  const files = new Map([
    ['hotmod.config.json', `${JSON.stringify({ build: { includes: ['include'] } }, null, 2)}\n`],
    [headers.all, headerOfAll(1)],
    [headers.few, headerOfFew(1)],
    ...moduleNames(count).map((name, index) => [sourceOf(name), moduleSource(name, index, 0)] as const),
  ]);
  const all = [...files];
  for (let first = 0; first < all.length; first += perFolder) {
    await Promise.all(all.slice(first, first + perFolder).map(([name, text]) => write(join(root, name), text)));
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
