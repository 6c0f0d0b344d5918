import { describe, expect, test } from 'vitest';
import { moduleFileSchema } from '../../src/config/module-schema.js';
import { configParseCodes, moduleParseCodes, parse } from '../../src/config/parse.js';
import { userConfigSchema } from '../../src/config/schema.js';
import { thrown } from '../helpers/thrown.js';

const config = (value: unknown) =>
  thrown(Promise.resolve().then(() => parse(userConfigSchema, value, 'hotmod.config.json', configParseCodes)));
const moduleFile = (value: unknown) =>
  thrown(Promise.resolve().then(() => parse(moduleFileSchema, value, 'module.json', moduleParseCodes)));

describe('an unknown key', () => {
  test('is named with its path, the nearest right key and its form', async () => {
    const error = await config({ host: { raet: 60 } });
    expect(error).toMatchObject({ code: 'HM102', exitCode: 2 });
    expect(error.message).toBe('hotmod.config.json: Unknown key "host.raet". Did you mean "rate"?');
    expect(error.hint).toContain('"host.rate" is a number above 0 and at most 10000.');
    expect(error.hint).toContain('The keys of "host" are: rate, stepped,');
  });

  test('with nothing near it lists the keys there are', async () => {
    const error = await config({ webpack: {} });
    expect(error.message).toBe('hotmod.config.json: Unknown key "webpack".');
    expect(error.hint).toBe(
      'The keys here are: $schema, modules, target, targets, cpu, watch, build, host, reload, recovery, timeouts, keepGenerations.',
    );
  });

  test('below a module name keeps the whole path', async () => {
    const error = await config({ modules: { overrides: { 'my-mod': { build: { cflag: [] } } } } });
    expect(error.message).toContain('"modules.overrides["my-mod"].build.cflag". Did you mean "cflags"?');
  });

  test('in a dependency of a module.json is found inside the list', async () => {
    const error = await moduleFile({ dependencies: [{ name: 'a', versoin: '^1.0.0' }] });
    expect(error.code).toBe('HM104');
    expect(error.message).toContain('Unknown key "dependencies[0].versoin". Did you mean "version"?');
  });
});

describe('a wrong value', () => {
  test.each([
    [{ build: { jobs: 'four' } }, '"build.jobs" has a wrong value: "four"', 'a whole number of at least 1'],
    [{ build: { jobs: 0 } }, '"build.jobs" has a wrong value: 0', 'a whole number of at least 1'],
    [{ watch: { polling: 'yes' } }, '"watch.polling" has a wrong value: "yes"', 'true or false'],
    [{ build: { cflags: '-O2' } }, '"build.cflags" has a wrong value: "-O2"', 'a list, each a text'],
    [{ build: { cflags: ['-O2', 3] } }, '"build.cflags[1]" has a wrong value: 3', 'a text'],
    [{ host: { env: { A: 1 } } }, '"host.env.A" has a wrong value: 1', 'a text'],
    [
      { recovery: { policy: { segv: 'ignore' } } },
      '"recovery.policy.segv" has a wrong value: "ignore"',
      'one of "default", "rollBack", "goOn", "restartModule", "restartHost", "stop"',
    ],
    [
      { recovery: { policy: { hang: 'goOn' } } },
      '"recovery.policy.hang" has a wrong value: "goOn"',
      'one of "default", "rollBack", "restartHost", "stop"',
    ],
    [{ timeouts: { build: -1 } }, '"timeouts.build" has a wrong value: -1', 'a whole number of at least 0'],
    [{ modules: 'modules/*' }, '"modules" has a wrong value: "modules/*"', 'an object with the keys patterns'],
    [[], 'The whole has a wrong value: []', 'an object with the keys'],
    [() => ({}), 'The whole has a wrong value: a function', 'an object with the keys'],
  ])('of %j is named with the expected form', async (value, message, form) => {
    const error = await config(value);
    expect(error).toMatchObject({ code: 'HM103', exitCode: 2 });
    expect(error.message).toContain(message);
    expect(error.hint).toContain(`Expected: ${form}`);
  });

  test('of a callback says where one can stand', async () => {
    const error = await config({ recovery: { onCrash: './tell.js' } });
    expect(error).toMatchObject({
      code: 'HM103',
      hint: 'Only a TypeScript or JavaScript config can have one.',
    });
    expect(error.message).toContain('"recovery.onCrash": it must be a function.');
  });

  test('of a module.json has the code of module.json', async () => {
    const error = await moduleFile({ version: 1 });
    expect(error.code).toBe('HM104');
    expect(error.message).toBe('module.json: "version" has a wrong value: 1.');
    expect(error.hint).toContain('MAJOR.MINOR.PATCH');
  });

  test('where a build command does not say what it leaves', async () => {
    const error = await moduleFile({ build: { command: 'make' } });
    expect(error.message).toContain('"build.output"');
    expect(error.message).toContain('belong together');
  });

  test('where an entry has neither a name nor a list of names', async () => {
    const error = await moduleFile({ entry: { init: 5 } });
    expect(error.message).toBe('module.json: "entry.init" has a wrong value: 5.');
  });
});

test('several mistakes are told at once', async () => {
  const error = await config({ host: { raet: 1 }, build: { jobs: 'x' } });
  const all = error.message + error.hint;
  expect(all).toContain('host.raet');
  expect(all).toContain('build.jobs');
  expect(error.hint).toContain('also:');
});
