import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../../src/control/client.js';
import { socketPath } from '../../src/control/protocol.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

test('where only a session for another target runs, the answer names it', async () => {
  const root = await tempProject({ '.hotmod/linux-arm64/session.sock': '', '.hotmod/generations/a/1.so': '' });
  const error = await thrown(ask(socketPath(join(root, '.hotmod')), { method: 'status' }));
  expect(error).toMatchObject({ code: 'HM521', exitCode: 3 });
  expect(error.hint).toContain('--target linux-arm64');
});

test('the session for this machine is found from the folder of another target too', async () => {
  const root = await tempProject({ '.hotmod/session.sock': '' });
  const error = await thrown(ask(socketPath(join(root, '.hotmod/linux-arm64')), { method: 'status' }));
  expect(error.hint).toContain('--target native');
});

test('without any session it says how to start one', async () => {
  const root = await tempProject({ '.hotmod/.keep': '' });
  const error = await thrown(ask(socketPath(join(root, '.hotmod')), { method: 'status' }));
  expect(error.hint).toContain('hotmod dev');
});
