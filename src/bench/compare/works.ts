import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmSources } from '../npm-sources.js';
import type { Work } from './work.js';

const none = async (): Promise<Readonly<Record<string, string>>> => ({});
const each = ['plain', 'make', 'ninja'] as const;

const smallC: Work = {
  name: 'c-small',
  title: 'one C file of 20 lines',
  compiler: 'clang',
  flags: [],
  files: none,
  edited: 'work.c',
  rivals: each,
  rounds: { short: 40, full: 150 },
  warmUp: 5,
  variants: [{ warm: false }],
  goal: { p50: 0.5, p95: 0.7 },
  source: (edit) => `#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP ${edit}

static struct { long count; double time; } state;

int work_init(void) { return 0; }

void work_update(double dt) {
  state.count += STEP;
  state.time += dt;
}

int work_save_state(void **data, size_t *size) {
  *data = malloc(*size = sizeof state);
  return *data ? (memcpy(*data, &state, sizeof state), 0) : 1;
}
int work_load_state(const void *data, size_t size) { return size == sizeof state ? (memcpy(&state, data, size), 0) : 1; }
`,
};

/** So many parts of 14 lines give 2,000 lines. */
const parts = 142;

const largeC: Work = {
  name: 'c-large',
  title: 'one C file of 2,000 lines',
  compiler: 'clang',
  flags: [],
  files: none,
  edited: 'work.c',
  rivals: each,
  rounds: { short: 15, full: 60 },
  warmUp: 4,
  variants: [],
  goal: null,
  source: (edit) => `#include <stdio.h>
#include <string.h>

${numbers(parts, largePart)}
int work_init(void) { return 0; }
void work_update(double dt) {
  int sum = ${edit};
  (void)dt;
${numbers(parts, (n) => `  sum += part_${n}(sum);\n`)}}
`,
};

function largePart(n: number): string {
  return `struct item_${n} { int id; double weight[4]; char name[16]; struct item_${n} *next; };
static struct item_${n} items_${n}[8];
static int part_${n}(int seed) {
  for (int i = 0; i < 8; i++) {
    struct item_${n} *item = &items_${n}[i];
    item->id += seed ^ ${n};
    item->weight[i % 4] += item->id * 0.5;
    if (item->weight[0] > ${n}.0) memset(item->name, 'a' + i, sizeof item->name - 1);
    else snprintf(item->name, sizeof item->name, "%d", item->id);
    item->next = i < 7 ? item + 1 : 0;
  }
  return items_${n}[seed & 7].id;
}
`;
}

const heavyHeaders = `#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>
`;

const heavyCxx = {
  compiler: 'clang++',
  flags: ['-fstandalone-debug'],
  files: none,
  edited: 'work.cpp',
  rivals: each,
  rounds: { short: 8, full: 30 },
  warmUp: 3,
  variants: [{ pch: 'off' }],
  goal: { p50: 0.5, p95: null },
} as const;

const lightCxx: Work = {
  ...heavyCxx,
  name: 'cpp-light',
  title: 'one C++ file with heavy headers that uses little of them',
  source: (edit) => `${heavyHeaders}
static std::vector<int> lists;
static std::string name;

extern "C" int work_init() { return 0; }
extern "C" void work_update(double) {
  lists.push_back(${edit});
  if (lists.size() > 100) lists.clear();
  name = "step";
}
extern "C" int work_save_state(void **data, size_t *size) { *data = nullptr; *size = 0; return 0; }
extern "C" int work_load_state(const void *, size_t) { return 0; }
`,
};

const regexCxx: Work = {
  ...heavyCxx,
  name: 'cpp-regex',
  title: 'one C++ file with heavy headers that has <regex> and containers made for its types',
  source: (edit) => `${heavyHeaders}
struct item { int id; std::string name; std::map<std::string, std::vector<int>> lists; };
static std::vector<item> items;
static std::unordered_map<std::string, std::function<int(int)>> actions;

extern "C" int work_init() {
  actions["step"] = [](int count) { return count + ${edit}; };
  return 0;
}
extern "C" void work_update(double) {
  static const std::regex pattern("[a-z]+");
  if (items.empty() && std::regex_match(std::string("step"), pattern)) items.push_back({});
  items[0].id = actions["step"](items[0].id);
}
extern "C" int work_save_state(void **data, size_t *size) { *data = nullptr; *size = 0; return 0; }
extern "C" int work_load_state(const void *, size_t) { return 0; }
`,
};

const sqlite: Work = {
  name: 'sqlite',
  title: "SQLite's amalgamation, 260,000 lines in one file",
  compiler: 'clang',
  flags: [],
  files: async () => ({ 'sqlite3.h': await sqliteFile('sqlite3.h') }),
  edited: 'work.c',
  rivals: ['plain', 'ninja'],
  rounds: { short: 3, full: 10 },
  warmUp: 1,
  variants: [],
  goal: null,
  // The edit is inside the amalgamation, where nothing can be taken for a header that stays as it is.
  source: async (edit) => `${await sqliteFile('sqlite3.c')}
int work_init(void) { return sqlite3_initialize(); }
static long count;
void work_update(double dt) { (void)dt; count += ${edit}; }
`,
};

async function sqliteFile(name: string): Promise<string> {
  return readFile(join(await npmSources('better-sqlite3', '12.11.1'), 'deps/sqlite3', name), 'utf8');
}

const projectFiles = 30;
const editedPart = 7;

const project: Work = {
  name: 'project',
  title: `a project of ${projectFiles} C files, one edited`,
  compiler: 'clang',
  flags: [],
  files: async () => ({
    'project.h': `#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct table { int used; double values[32]; char name[24]; };
${numbers(projectFiles, (n) => `int part_${n}(int seed);\n`)}`,
    'work.c': `#include "project.h"
int work_init(void) { return 0; }
void work_update(double dt) {
  int sum = (int)dt;
${numbers(projectFiles - 1, (n) => `  sum += part_${n}(sum);\n`)}}
`,
    ...Object.fromEntries(
      Array.from({ length: projectFiles - 1 }, (_, n) => [`part_${n}.c`, projectPart(n, n)]).filter(
        ([name]) => name !== `part_${editedPart}.c`,
      ),
    ),
  }),
  edited: `part_${editedPart}.c`,
  rivals: ['ninja', 'make'],
  rounds: { short: 15, full: 60 },
  warmUp: 3,
  variants: [],
  goal: { p50: 0.8, p95: null },
  source: (edit) => projectPart(editedPart, edit),
};

function projectPart(n: number, step: number): string {
  return `#include "project.h"
static struct table tables[4];
${numbers(
  5,
  (k) => `static int fill_${k}(struct table *table, int seed) {
  for (int i = 0; i < 32; i++) table->values[i] += (seed + i * ${k + 1}) * 0.25;
  snprintf(table->name, sizeof table->name, "table %d", seed);
  return table->used++;
}
`,
)}int part_${n}(int seed) {
  int sum = ${step};
${numbers(5, (k) => `  sum += fill_${k}(&tables[seed & 3], sum);\n`)}  return sum;
}
`;
}

function numbers(count: number, text: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => text(n)).join('');
}

export const works: readonly Work[] = [smallC, largeC, lightCxx, regexCxx, sqlite, project];
