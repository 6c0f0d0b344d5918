import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Finished, finish, repository, Toolbox } from '../helpers/module-toolbox.js';
import { describeEachCompiler } from '../helpers/programs.js';

describeEachCompiler('a C++ module class, compiled by %s', (compiler) => {
  let tools: Toolbox;
  let program: string;

  beforeAll(async () => {
    tools = await Toolbox.open();
    program = await tools.program(join(repository, 'test/modules/calls.c'));
  });
  afterAll(() => tools[Symbol.asyncDispose]());

  /** Builds a class with these members, makes the calls one after the other, and answers what was printed. */
  const calls = async (members: string, ...names: readonly string[]): Promise<Finished> => {
    const folder = await mkdtemp(join(tools.dir, 'class-'));
    await writeFile(join(folder, 'counter.cpp'), source(members));
    return finish(program, [await tools.module(folder, compiler), ...names]);
  };

  it('offers what the class overrides and nothing else', async () => {
    expect((await calls(update, 'hooks')).stdout).toBe('hooks init shutdown update\n');
    expect((await calls(update + state, 'hooks')).stdout).toBe('hooks init shutdown update save load\n');
    expect((await calls(update + state + protocol, 'hooks')).stdout).toBe(
      'hooks init shutdown update save load migrate prepare complete rollback\n',
    );
  });

  it('states its name and version before any init', async () => {
    const version = 'const char *getVersion() const override { return "3.1.4"; }';
    expect((await calls(update + version, 'info')).stdout).toBe('info Counter 3.1.4 1\n');
    expect((await calls(update, 'info')).stdout).toBe('info Counter 0.0.0 1\n');
  });

  it('carries its state from one object to the next', async () => {
    const order = ['init', 'update', 'update', 'update', 'save', 'shutdown', 'init', 'view', 'load', 'view'];
    const result = await calls(update + state + view, ...order);
    expect(result.stdout).toBe('init 0\nsave 0 4\ninit 0\nview 0\nload 0\nview 3\n');
  });

  it('takes bytes of another size for a failure', async () => {
    const twice = 'std::vector<std::uint8_t> saveState() const override { return std::vector<std::uint8_t>(8, 1); }';
    const restore =
      'bool restoreState(const void *data, std::size_t size) override { return hotmod::readInto(count, data, size); }';
    const result = await calls(update + twice + restore + view, 'init', 'save', 'load', 'view');
    expect(result.stdout).toBe('init 0\nsave 0 8\nload 1\nview 0\n');
  });

  it('saves a state of no bytes as a success', async () => {
    const nothing = 'std::vector<std::uint8_t> saveState() const override { return {}; }';
    expect((await calls(update + nothing, 'init', 'save')).stdout).toBe('init 0\nsave 0 0\n');
  });

  it('lets migrateState replace the bytes', async () => {
    const grow = `bool migrateState(const char *from, const char *to, std::vector<std::uint8_t> &bytes) override {
      bytes.resize(bytes.size() + std::strlen(from) + std::strlen(to));
      return true;
    }`;
    expect((await calls(update + state + grow, 'init', 'save', 'migrate')).stdout).toBe(
      'init 0\nsave 0 4\nmigrate 0 14\n',
    );
  });

  it('leaves the bytes as they are when migrateState fails', async () => {
    const fails =
      'bool migrateState(const char *, const char *, std::vector<std::uint8_t> &bytes) override { bytes.clear(); return false; }';
    const result = await calls(
      update + state + view + fails,
      'init',
      'update',
      'save',
      'migrate',
      'update',
      'load',
      'view',
    );
    expect(result.stdout).toBe('init 0\nsave 0 4\nmigrate 1 4\nload 0\nview 1\n');
  });

  it.each([
    ['init', 'bool init(const module_config_t &) override', ['init'], 'init 1\n'],
    ['saveState', 'std::vector<std::uint8_t> saveState() const override', ['init', 'save'], 'init 0\nsave 1 0\n'],
    ['restoreState', 'bool restoreState(const void *, std::size_t) override', ['init', 'load'], 'init 0\nload 1\n'],
    ['prepareReload', 'bool prepareReload() override', ['init', 'prepare'], 'init 0\nprepare 1\n'],
    ['completeReload', 'bool completeReload() override', ['init', 'complete'], 'init 0\ncomplete 1\n'],
    ['rollbackReload', 'void rollbackReload() override', ['init', 'rollback'], 'init 0\n'],
    ['shutdown', 'void shutdown() override', ['init', 'shutdown', 'init'], 'init 0\ninit 0\n'],
    ['view', 'std::string view() const override', ['init', 'view'], 'init 0\nview NULL\n'],
    ['getVersion', 'const char *getVersion() const override', [], 'interface NULL\n'],
  ])('turns an exception in %s into a failure', async (name, head, order, printed) => {
    const result = await calls(`${update}${head} { throw std::runtime_error("no luck"); }`, ...order);
    expect(result).toMatchObject({ code: 0, stdout: printed });
    expect(result.stderr).toContain(`${name}: exception left the module: no luck`);
  });

  it('names what was thrown even where it is no std::exception', async () => {
    const result = await calls(`${update}bool init(const module_config_t &) override { throw 7; }`, 'init');
    expect(result.stdout).toBe('init 1\n');
    expect(result.stderr).toContain('init: exception left the module: not derived from std::exception');
  });

  it('ends in abort when an exception leaves update, as a crash', async () => {
    const throws = 'void update(double) override { throw std::runtime_error("no luck"); }';
    const result = await calls(throws, 'init', 'update', 'hooks');
    expect(result).toMatchObject({ code: -1, stdout: 'init 0\n' });
    expect(result.stderr).toContain('update: exception left the module: no luck');
  });

  it('makes the object in init and destroys it in shutdown, once', async () => {
    const members = `${update}
      bool init(const module_config_t &) override { std::printf("made\\n"); started = true; return true; }
      void shutdown() override { std::printf("down\\n"); }
      ~Counter() override { if (started) std::printf("gone\\n"); }
      bool started = false;`;
    const result = await calls(members, 'init', 'shutdown', 'shutdown');
    expect(result.stdout).toBe('made\ninit 0\ndown\ngone\n');
  });

  it('has no object left when init says no', async () => {
    const members = `${update}bool init(const module_config_t &) override { return false; }${state}`;
    expect((await calls(members, 'init', 'update', 'save')).stdout).toBe('init 1\nsave 1 0\n');
  });

  it('shows nothing where the class has no view', async () => {
    expect((await calls(update, 'init', 'view')).stdout).toBe('init 0\nview NULL\n');
  });

  it('keeps no object that two versions in one process could share', async () => {
    const folder = await mkdtemp(join(tools.dir, 'class-'));
    await writeFile(join(folder, 'counter.cpp'), source(update + state));
    const symbols = await finish('nm', ['-D', '--defined-only', await tools.module(folder, compiler)]);
    expect(symbols.stdout).toContain('get_module_interface');
    // "u" is a symbol that is unique in the process, "V" and "B" data that another library could take over.
    expect(symbols.stdout.split('\n').filter((line) => / [uBD] /.test(line))).toEqual([]);
  });
});

const update = 'void update(double) override { count += 1; }\nint count = 0;\n';
const state = `
  std::vector<std::uint8_t> saveState() const override { return hotmod::bytesOf(count); }
  bool restoreState(const void *data, std::size_t size) override { return hotmod::readInto(count, data, size); }
`;
const view = 'std::string view() const override { return std::to_string(count); }\n';
const protocol = `
  bool migrateState(const char *, const char *, std::vector<std::uint8_t> &) override { return true; }
  bool prepareReload() override { return true; }
  bool completeReload() override { return true; }
  void rollbackReload() override {}
`;

function source(members: string): string {
  return `#include <stdexcept>
#include <string>
#include "reloadable_module.hpp"

class Counter : public IReloadableModule {
public:
${members}
};

HOTMOD_EXPORT_MODULE(Counter);
`;
}
